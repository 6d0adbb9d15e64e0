// An SMSC of node-smpp, for test_delivery_smpp.py. It says on standard output what it was given and does
// what standard input tells it, one JSON document a line each.
//
//   node smsc.js PORT '{"password": …, "receipts": true, "throttle_every": 0, "status": {"1380…": 11}}'
'use strict';
const readline = require('readline');
const smpp = require('smpp');

const port = Number(process.argv[2]);
let rules = JSON.parse(process.argv[3]);
let bound = null;
let submits = 0;
let messageId = Number(rules.first_id || 0);

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

// Node-smpp joins nothing: a part is its header and its text.
const textOf = (sm) => {
  if (Buffer.isBuffer(sm)) return { hex: sm.toString('hex') };
  return { text: sm.message, udh: sm.udh ? Buffer.concat([].concat(sm.udh)).toString('hex') : '' };
};

const receiptOf = (id, stat) =>
  `id:${id} sub:001 dlvrd:${stat === 'DELIVRD' ? '001' : '000'} submit date:261130023501 ` +
  `done date:261130023601 stat:${stat} err:0A1 text:`;

const deliver = (pdu) => {
  if (!bound) return;
  bound.deliver_sm(pdu, (answer) =>
    say({ deliver_resp: answer.command_status, of: pdu.source_addr, esm: pdu.esm_class || 0 }));
};

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  session.on('close', () => { if (bound === session) bound = null; say({ closed: true }); });
  session.on('bind_transceiver', (pdu) => {
    const isRight = pdu.password === rules.password;
    session.send(pdu.response({ command_status: isRight ? 0 : smpp.ESME_RINVPASWD }));
    if (isRight) { bound = session; say({ bound: pdu.system_id, version: pdu.interface_version }); }
    else session.close();
  });
  session.on('enquire_link', (pdu) => {
    if (!rules.silent) session.send(pdu.response());
    say({ enquire_link: true });
  });
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); say({ unbind: true }); });
  session.on('submit_sm', (pdu) => {
    submits += 1;
    if (rules.silent) return;
    if (rules.throttle_every && submits % rules.throttle_every === 0) {
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      say({ throttled: pdu.destination_addr });
      return;
    }
    const status = (rules.status || {})[pdu.destination_addr] || 0;
    if (status) { session.send(pdu.response({ command_status: status })); return; }
    messageId += 1;
    const id = rules.hex_ids ? messageId.toString(16).toUpperCase() : String(messageId);
    const told = rules.hex_ids ? String(messageId) : id;
    const stat = (rules.stat || {})[pdu.destination_addr] || 'DELIVRD';
    const receipt = () => deliver({
      esm_class: 4, source_addr: pdu.destination_addr, source_addr_ton: pdu.dest_addr_ton,
      destination_addr: pdu.source_addr, short_message: Buffer.from(receiptOf(told, stat)),
    });
    if (rules.receipts && rules.receipts_first) receipt();
    session.send(pdu.response({ message_id: id }));
    if (rules.receipts && !rules.receipts_first) receipt();
    say({
      submit: pdu.destination_addr, ton: pdu.dest_addr_ton, npi: pdu.dest_addr_npi,
      source: pdu.source_addr, source_ton: pdu.source_addr_ton, coding: pdu.data_coding,
      esm: pdu.esm_class, validity: pdu.validity_period, registered: pdu.registered_delivery,
      service_type: pdu.service_type, ...textOf(pdu.short_message),
      payload: pdu.message_payload ? textOf(pdu.message_payload).text : '', id,
    });
  });
});

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line);
  if (command.rules) rules = { ...rules, ...command.rules };
  if (command.deliver) deliver({
    ...command.deliver,
    short_message: Buffer.from(command.deliver.hex || '', 'hex'), hex: undefined,
  });
  if (command.status_of) say({ submits });
}).on('close', () => process.exit(0));

server.on('error', (error) => { say({ failed: String(error) }); process.exit(1); });
server.listen(port, '127.0.0.1', () => say({ listening: port }));
