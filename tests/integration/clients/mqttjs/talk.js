// talk.js HOST PORT CA|- 4|5 QOS N TOPIC FILTER: publishes 0..N-1, then prints the first message of FILTER.
const fs = require("fs");
const mqtt = require("mqtt");

const [host, port, ca, version, qos, n, topic, filter] = process.argv.slice(2);
const client = mqtt.connect({
  host,
  port: Number(port),
  protocol: ca === "-" ? "mqtt" : "mqtts",
  ca: ca === "-" ? undefined : fs.readFileSync(ca),
  protocolVersion: Number(version),
  reconnectPeriod: 0,
  connectTimeout: 20000,
  will: { topic: "status/mqttjs", payload: "offline", qos: 1, retain: true },
});
client.on("error", (error) => {
  console.error(String(error));
  process.exit(1);
});
client.on("close", () => process.exit(2));
client.on("connect", async () => {
  for (let i = 0; i < Number(n); i++) await client.publishAsync(topic, String(i), { qos: Number(qos) });
  client.on("message", (from, payload) => {
    process.stdout.write(`${from} ${payload}`);
    client.removeAllListeners("close");
    client.end(false, {}, () => process.exit(0));
  });
  await client.subscribeAsync(filter, { qos: Number(qos) });
});
