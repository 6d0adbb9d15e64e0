#!/usr/bin/env bash
# Programs of other languages, for test_mqtt_languages.py and test_delivery_smpp.py, into build/clients.
# What has no toolchain here is left out.
set -euo pipefail
cd "$(dirname "$0")"
target=../../../build/clients
mkdir -p "$target/mqttjs"
target=$(cd "$target" && pwd)
if command -v npm >/dev/null; then
  cp mqttjs/package.json mqttjs/talk.js "$target/mqttjs/"
  npm install --prefix "$target/mqttjs" --no-audit --no-fund --silent
  mkdir -p "$target/smppjs"
  cp smppjs/package.json smppjs/smsc.js "$target/smppjs/"
  npm install --prefix "$target/smppjs" --no-audit --no-fund --silent
fi
if command -v go >/dev/null; then
  (cd gopaho && go build -o "$target/gopaho" .)
fi
