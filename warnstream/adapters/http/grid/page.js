// A grid member's doors. Written for old phones (ES5). What is tapped without a network is kept in this page's storage
// with its own time and sent later; the node says where a door has said something else meanwhile.
(function () {
  "use strict";
  var WORDS = ["heard", "moving", "safe", "refused", "help"];
  var STATES = { heard: "acknowledged", moving: "moving", safe: "said_safe", refused: "refused", help: "help" };
  var TEXT = {
    zh: {
      title: "我的住户", other: "English", again: "刷新", heard: "知晓", moving: "转移", safe: "安全", refused: "拒绝", help: "求助",
      level: ["无预警", "蓝色", "黄色", "橙色", "红色"], told: "发出", nothing: "住户还没有收到过消息，暂不用登记", over: "已解除",
      said: { silent: "未回复", acknowledged: "已知晓", moving: "转移中", said_safe: "报安全", safe: "已核实安全", refused: "拒绝转移", help: "求助中", assigned: "求助中，有人前往" },
      online: "在线", offline: "没有网络，登记先存在本机", synced: "更新于", waits: "条待发", keeps: "待发", dead: "链接已失效，请用最近一条短信里的链接",
      old: "以下可能已变，请核对", conflict: "没有计入：这户现在是", newer: "没有计入：之后又发了新通知，请再问这户", yours: "您登记的是", gotIt: "知道了", comes: "正在赶来", more: "户未列出", heads: "报数（人）", toMove: "应转", moved: "已转", refusedHeads: "拒转", send: "报数",
      sent: "已收到报数", wrong: "请填整数", exercise: "演练", call: "有急事打", full: "本机存不下了，请先联网发送", notListed: "不在转移单上，不用登记拒绝"
    },
    en: {
      title: "My doors", other: "中文", again: "Refresh", heard: "Heard", moving: "Moving", safe: "Safe", refused: "Refuses", help: "HELP",
      level: ["No warning", "Blue", "Yellow", "Orange", "Red"], told: "sent", nothing: "Doors have been told nothing yet", over: "over",
      said: { silent: "no answer", acknowledged: "heard", moving: "moving", said_safe: "says safe", safe: "confirmed safe", refused: "will not go", help: "CALLS FOR HELP", assigned: "help is on its way" },
      online: "online", offline: "no network: kept on this phone", synced: "as of", waits: "to be sent", keeps: "to be sent", dead: "This link is over: use the one of the newest message",
      old: "This may have changed", conflict: "Not counted: the door now stands at", newer: "Not counted: newer words were sent since, ask this door again", yours: "you had", gotIt: "All right", comes: "is on the way", more: "doors not listed", heads: "People by number", toMove: "To move", moved: "Moved", refusedHeads: "Refused", send: "Report",
      sent: "Reported", wrong: "whole numbers, please", exercise: "EXERCISE", call: "Urgent? Call", full: "This phone is full: send first", notListed: "On no transfer list: there is nothing to refuse"
    }
  };
  var EVERY_MS = 20000, OLD_MS = 120000, BATCH = 30, TIMEOUT_MS = 15000;
  var token = decodeURIComponent(location.hash.slice(1));
  var place = "warnstream-doors:" + token.slice(-12);
  var language = /^zh/.test(navigator.language || "zh") ? "zh" : "en";
  var kept = load();
  var isBusy = false, isOnline = true, isDead = false, notice = "";

  // ---- what this phone keeps: the newest list, when it came, taps that wait, and conflicts to be read

  function load() {
    var found = null;
    try { found = JSON.parse(localStorage.getItem(place)); } catch (error) { found = null; }
    return found && found.taps ? found : { list: null, at: 0, ahead: 0, taps: [], reports: [], conflicts: {} };
  }
  function save() {
    try { localStorage.setItem(place, JSON.stringify(kept)); return true; } catch (error) { return false; }
  }

  // ---- asking the node

  function ask(method, path, body, done) {
    var request = new XMLHttpRequest();
    request.open(method, path);
    request.timeout = TIMEOUT_MS;
    request.setRequestHeader("Authorization", token.indexOf(":") > 0 ? "Basic " + btoa(unescape(encodeURIComponent(token))) : "Bearer " + token);
    if (body) request.setRequestHeader("Content-Type", "application/json");
    var isDone = false;
    function end(status) {
      if (isDone) return;
      isDone = true;
      var said = null;
      try { said = JSON.parse(request.responseText); } catch (error) { said = null; }
      done(status, said);
    }
    request.onload = function () { end(request.status); };
    request.onerror = request.ontimeout = request.onabort = function () { end(0); };
    request.send(body ? JSON.stringify(body) : null);
  }

  function sync() {
    if (isBusy || !token) return;
    isBusy = true;
    sendTaps(function () { sendReports(function () { read(function () { isBusy = false; draw(); }); }); });
  }

  // Oldest first; a tap leaves this phone only once the node has answered for it.
  function sendTaps(next) {
    var batch = kept.taps.slice(0, BATCH);
    if (!batch.length) return next();
    var answers = batch.map(function (tap) {
      return { village: tap.village, door: tap.door, word: tap.word, seen: tap.seen, bulletin: tap.bulletin || "", ago_s: Math.max(0, Math.round((Date.now() - tap.at) / 1000)) };
    });
    ask("POST", "../api/v1/posts/doors", { answers: answers }, function (status, said) {
      isOnline = status !== 0;
      isDead = status === 403;
      if (status !== 200 || !said) return next();
      said.answers.forEach(function (answer, at) {
        if (answer.result === "taken") {
          delete kept.conflicts[answer.door];
          setState(answer.door, answer.said);
        } else kept.conflicts[answer.door] = { word: batch[at].word, at: batch[at].at, said: answer.said, problem: answer.problem, isNewer: answer.result === "conflict" && !!answer.problem };
      });
      var sent = batch.map(function (tap) { return tap.id; });
      kept.taps = kept.taps.filter(function (tap) { return sent.indexOf(tap.id) < 0; });
      save();
      sendTaps(next);
    });
  }

  function sendReports(next) {
    var report = kept.reports[0];
    if (!report || !kept.list || !isOnline) return next();
    var parts = token.split(":");
    var body = { sender: kept.list.post, token: parts[parts.length - 1], message: parts.length > 1 ? "" : kept.list.message, village: report.village, happened_at: new Date(report.at + kept.ahead).toISOString().replace(/\.\d+/, "") };
    ["to_move", "moved", "refused"].forEach(function (word) { if (report[word] !== undefined) body[word] = report[word]; });
    ask("POST", "../api/v1/reports", body, function (status, said) {
      isOnline = status !== 0;
      if (status === 0 || status >= 429) return next();
      notice = status === 202 ? t().sent : said && said.problems ? said.problems.join(" ") : String(status);
      kept.reports.shift();
      save();
      sendReports(next);
    });
  }

  function read(next) {
    ask("GET", "../api/v1/posts/doors", null, function (status, said) {
      isOnline = status !== 0;
      isDead = status === 403 || status === 404;
      if (status === 200 && said) {
        kept.list = said;
        kept.at = Date.now();
        // The phone's clock may be wrong: what is told late is told by the node's.
        kept.ahead = Date.parse(said.now) - Date.now();
        save();
      }
      next();
    });
  }

  function setState(code, said) {
    if (!kept.list) return;
    kept.list.villages.forEach(function (village) { village.doors.forEach(function (door) { if (door.door === code) door.said = said; }); });
  }

  // ---- the page

  function t() { return TEXT[language]; }
  function el(name, text, className) {
    var element = document.createElement(name);
    if (text) element.textContent = text;
    if (className) element.className = className;
    return element;
  }
  function clock(ms) {
    var day = new Date(ms + kept.ahead + (kept.list ? kept.list.utc_offset_s : 0) * 1000);
    return ("0" + day.getUTCHours()).slice(-2) + ":" + ("0" + day.getUTCMinutes()).slice(-2);
  }
  function told(iso) { return clock(Date.parse(iso) - kept.ahead); }

  function tap(village, door, word) {
    var shown = door.said;
    kept.taps = kept.taps.filter(function (one) { return one.door !== door.door || one.word === "help"; });
    kept.taps.push({ id: Date.now() + "-" + Math.random(), village: village.village, door: door.door, word: word, seen: shown, bulletin: village.bulletin, at: Date.now() });
    delete kept.conflicts[door.door];
    notice = save() ? "" : t().full;
    draw();
    sync();
  }

  function waiting(code) {
    return kept.taps.filter(function (one) { return one.door === code; }).pop();
  }

  function drawDoor(village, door) {
    var mine = waiting(door.door), conflict = kept.conflicts[door.door];
    var isHelp = door.said === "help" || door.said === "assigned";
    var part = el("section", "", "door" + (isHelp ? " help-open" : ""));
    var line = el("p");
    line.appendChild(el("strong", door.door));
    line.appendChild(document.createTextNode(t().said[door.said] || door.said));
    if (door.comes) line.appendChild(document.createTextNode(" · " + door.comes + " " + t().comes));
    part.appendChild(line);
    if (mine) {
      line = el("p");
      line.appendChild(el("span", t().keeps + " " + t()[mine.word] + " " + clock(mine.at), "waits"));
      part.appendChild(line);
    }
    if (conflict) {
      var why = conflict.isNewer ? t().newer : conflict.problem && !conflict.said ? conflict.problem : conflict.problem && conflict.word === "refused" ? t().notListed : t().conflict + "“" + (t().said[conflict.said] || conflict.said) + "”";
      line = el("p", why + " · " + t().yours + "“" + t()[conflict.word] + "” " + clock(conflict.at), "conflict");
      line.setAttribute("role", "alert");
      var done = el("button", t().gotIt);
      done.type = "button";
      done.onclick = function () { delete kept.conflicts[door.door]; save(); draw(); };
      part.appendChild(line);
      part.appendChild(done);
    }
    var taps = el("div", "", "taps");
    WORDS.forEach(function (word) {
      var cell = el("span"), button = el("button", t()[word], word === "help" ? "call" : "");
      var is = mine ? mine.word === word : STATES[word] === door.said || (word === "safe" && door.said === "safe");
      button.type = "button";
      button.setAttribute("data-tap", door.door + " " + word);
      button.setAttribute("aria-pressed", String(is));
      button.setAttribute("aria-label", door.door + " " + t()[word]);
      if (is) button.className += " is";
      button.disabled = !village.bulletin || (isHelp && word !== "help") || (word === "refused" && !door.listed) || (word === "moving" && village.over);
      button.onclick = function () { tap(village, door, word); };
      cell.appendChild(button);
      taps.appendChild(cell);
    });
    part.appendChild(taps);
    return part;
  }

  function drawHeads(village) {
    var form = el("form"), fields = {};
    form.setAttribute("data-village", village.village);
    form.appendChild(el("p", t().heads, "quiet"));
    [["to_move", t().toMove], ["moved", t().moved], ["refused", t().refusedHeads]].forEach(function (one) {
      var label = el("label", one[1] + " "), input = el("input");
      input.name = one[0];
      input.setAttribute("inputmode", "numeric");
      input.maxLength = 5;
      fields[one[0]] = input;
      label.appendChild(input);
      form.appendChild(label);
    });
    var go = el("button", t().send);
    go.type = "submit";
    form.appendChild(go);
    form.onsubmit = function (event) {
      event.preventDefault();
      var report = { village: village.village, at: Date.now() }, isWrong = false, n = 0;
      Object.keys(fields).forEach(function (word) {
        var text = fields[word].value.trim();
        if (!text) return;
        if (!/^\d{1,5}$/.test(text)) isWrong = true;
        report[word] = parseInt(text, 10);
        n += 1;
      });
      if (isWrong || !n) notice = t().wrong;
      else {
        kept.reports.push(report);
        notice = save() ? "" : t().full;
        form.reset();
        sync();
      }
      draw();
    };
    return form;
  }

  function draw() {
    var words = t(), main = document.getElementById("villages");
    var typing = main.querySelector("form input:focus");
    var focused = document.activeElement && document.activeElement.getAttribute("data-tap");
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.title = words.title;
    document.getElementById("language").textContent = words.other;
    document.getElementById("again").textContent = words.again;
    var list = kept.list, waits = kept.taps.length + kept.reports.length;
    document.getElementById("title").textContent = (list && list.exercise ? "【" + words.exercise + "】" : "") + words.title + (list ? " · " + list.post : "");
    document.body.className = list && list.exercise ? "exercise" : "";
    var status = [isOnline ? words.online : words.offline, kept.at ? words.synced + " " + clock(kept.at) : "", waits ? waits + " " + words.waits : "", notice];
    if (list && list.phone) status.push(words.call + " " + list.phone);
    setText(document.getElementById("status"), isDead ? words.dead : status.filter(Boolean).join(" · "));
    var old = document.getElementById("old");
    old.hidden = !list || (isOnline && !isDead && Date.now() - kept.at < OLD_MS);
    setText(old, words.old + "（" + clock(kept.at) + "）");
    if (!list || typing) return;
    var forms = {};
    [].forEach.call(main.querySelectorAll("form"), function (form) { forms[form.getAttribute("data-village")] = [].map.call(form.querySelectorAll("input"), function (input) { return input.value; }); });
    while (main.firstChild) main.removeChild(main.firstChild);
    list.villages.forEach(function (village) { drawVillage(main, village, forms[village.village]); });
    if (focused) {
      var again = main.querySelector('[data-tap="' + focused.replace(/["\\]/g, "\\$&") + '"]');
      if (again) again.focus();
    }
  }

  function drawVillage(main, village, typed) {
    var words = t();
    main.appendChild(el("h2", village.name + " " + (village.over ? words.over : words.level[village.level]), "level-" + village.level));
    if (!village.bulletin) return void main.appendChild(el("p", words.nothing, "quiet"));
    main.appendChild(el("p", language === "zh" ? village.text_zh : village.text_en, "words"));
    main.appendChild(el("p", words.told + " " + told(village.told), "quiet"));
    var form = drawHeads(village);
    if (typed) [].forEach.call(form.querySelectorAll("input"), function (input, at) { input.value = typed[at] || ""; });
    main.appendChild(form);
    village.doors.forEach(function (door) { main.appendChild(drawDoor(village, door)); });
    if (village.more) main.appendChild(el("p", village.more + " " + words.more, "quiet"));
  }

  function setText(element, text) { if (element.textContent !== text) element.textContent = text; }

  document.getElementById("language").onclick = function () { language = language === "zh" ? "en" : "zh"; draw(); };
  document.getElementById("again").onclick = sync;
  window.addEventListener("online", sync);
  window.addEventListener("offline", function () { isOnline = false; draw(); });
  window.addEventListener("hashchange", function () { location.reload(); });
  setInterval(sync, EVERY_MS);
  if (!token) isDead = true;
  draw();
  sync();
})();
