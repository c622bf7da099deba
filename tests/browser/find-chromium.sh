#!/bin/sh
# Chromium for the tests of the page: what is there, or Debian's package where it can be installed.
for name in "$CHROMIUM" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" > /dev/null; then
    exit 0
  fi
done
if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive exec apt-get install --quiet --quiet --yes --no-install-recommends chromium
fi
echo "no Chromium: install one (Debian: sudo apt-get install chromium), or name it: make test-browser CHROMIUM=/path" >&2
exit 1
