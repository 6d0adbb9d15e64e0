#!/usr/bin/env bash
# MQTT clients of other languages, for test_mqtt_languages.py, into build/clients. What has no toolchain here is left out.
set -euo pipefail
cd "$(dirname "$0")"
target=../../../build/clients
mkdir -p "$target/mqttjs"
target=$(cd "$target" && pwd)
if command -v npm >/dev/null; then
  cp mqttjs/package.json mqttjs/talk.js "$target/mqttjs/"
  npm install --prefix "$target/mqttjs" --no-audit --no-fund --silent
fi
if command -v go >/dev/null; then
  (cd gopaho && go build -o "$target/gopaho" .)
fi
