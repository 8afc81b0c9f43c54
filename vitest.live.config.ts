// What `npm run test:live` runs: the same paths on a real FreeSWITCH with real SIP legs, when one is given.
//
//   FREESWITCH_URL     esl://:password@host:8021   the switch under test, configured by src/telephony/freeswitch-conf
//   PHONES_URL         esl://:password@host:8021   a second FreeSWITCH in the place of the telephone network: its dialplan
//                                                  answers every number with `ring_ready`, then `park`
//   PHONES_SIP         host:port                   where that one takes SIP calls
//   CDR_URL            what the switch under test was given: http://127.0.0.1:<a free port>/hooks/freeswitch/cdr; the gateway
//   CDR_CREDENTIALS    of the whole-house tests is started on that port of this machine, and takes records with that password
//   CDR_SPOOL          folder the switch under test spools its records to, readable here; absent: no test with a dead gateway
//   FREESWITCH_START   command that starts the switch under test again; given, one test kills it in mid-call
//   FREESWITCH_LOG     file the switch under test logs to, readable here; given, it is searched for keyed digits as well
//   FREESWITCH_FOLDERS folders that switch writes to besides (its database, recordings, temporary files), readable here, several
//                      with commas; given, they are searched for a card number that was keyed
//   DRACHTIO_URL       drachtio://:secret@host:9022   a drachtio server to be commanded, with
//   SIP_EDGE           host:port                      where it takes SIP over UDP; no FreeSWITCH is needed for it
//   PROMPTS_DIR        folder both we and the switch under test can read; default: a new one, for a switch on this machine.
//                      Given, and the switch under test started with the same: its own apology is listened for too
import { defineConfig } from 'vitest/config';

if (process.env['FREESWITCH_URL'] === undefined) {
  console.log('FREESWITCH_URL is not set: no FreeSWITCH to test against, so nothing live is tested.');
} else if (process.env['PHONES_URL'] === undefined || process.env['PHONES_SIP'] === undefined) {
  console.log(
    'PHONES_URL or PHONES_SIP is not set: there are no telephones to ring, so nothing live is tested.',
  );
} else if (process.env['CDR_URL'] === undefined || process.env['CDR_CREDENTIALS'] === undefined) {
  console.log(
    'CDR_URL or CDR_CREDENTIALS is not set: no record of a call would reach us, so only the switch alone is tested.',
  );
}

if (process.env['FREESWITCH_URL'] !== undefined) {
  if (process.env['CDR_SPOOL'] === undefined) {
    console.log(
      'CDR_SPOOL is not set: records of calls that ended with the gateway dead would not be found; not tested.',
    );
  }
  if (process.env['FREESWITCH_START'] === undefined) {
    console.log('FREESWITCH_START is not set: a FreeSWITCH that is killed would stay dead; not tested.');
  }
}

if (process.env['DRACHTIO_URL'] === undefined || process.env['SIP_EDGE'] === undefined) {
  console.log('DRACHTIO_URL or SIP_EDGE is not set: no SIP edge to test against, so none is.');
}
const isAnyGiven = ['FREESWITCH_URL', 'DRACHTIO_URL'].some((name) => process.env[name] !== undefined);

export default defineConfig({
  test: {
    include: ['test/live/**/*.live.test.ts'],
    // A database for the whole house, when there is a switch or an edge for it.
    globalSetup: isAnyGiven ? ['test/global-setup.ts'] : [],
    reporters: ['default', './test/closing-line.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
});
