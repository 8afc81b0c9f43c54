#!/bin/sh
# Takes espeak-ng's options and writes half a second of silence: sentences then last as long wherever the tests run, and
# nothing has to be installed. No program of Node's: it is started several times in every test, and that would take
# longer than the test.
[ "$1" = --version ] && exit
cat > /dev/null
while [ "$1" != -w ]; do shift; done
{
  # 8000 bytes of PCM: mono, 8000 samples a second, 16 bit.
  printf 'RIFF\144\037\000\000WAVEfmt \020\000\000\000\001\000\001\000\100\037\000\000\200\076\000\000\002\000\020\000data\100\037\000\000'
  head -c 8000 /dev/zero
} > "$2"
