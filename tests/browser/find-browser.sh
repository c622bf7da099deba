#!/bin/sh
# The browser for the tests of the page: what is there, or Debian's package where it can be installed.
if [ "$SELFMEND_BROWSER" = firefox ]; then
  given=$FIREFOX known="firefox firefox-esr" package="firefox-esr libavcodec-extra" variable=FIREFOX # the second plays films
else
  given=$CHROMIUM known="chromium chromium-browser google-chrome" package=chromium variable=CHROMIUM
fi
for name in "$given" $known; do
  if [ -n "$name" ] && command -v "$name" > /dev/null; then
    exit 0
  fi
done
if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive exec apt-get install --quiet --quiet --yes --no-install-recommends $package
fi
echo "no $package: install one (Debian: sudo apt-get install $package), or name it: make test-browser $variable=/path" >&2
exit 1
