// The sandbox switch as a process of its own, for scripts and benches that start it without the sandbox's front (which
// forks part.ts instead). Ports and the rest come from the environment; a parent that forked it is told the ports, and
// takes it along when it ends.
//
//   SANDBOX_ESL_PORT  SANDBOX_SWITCH_PORT  SANDBOX_ESL_PASSWORD  SANDBOX_CDR_URL  SANDBOX_CDR_CREDENTIALS
//   SANDBOX_SPOOL_DIR  SANDBOX_SPEECH_SPEED  SANDBOX_SILENCE_SPEED

import { startSandboxSwitch, type SandboxSwitchOptions } from './switch.ts';

function fromEnvironment(env: NodeJS.ProcessEnv): SandboxSwitchOptions {
  const positive = (name: string, otherwise: number): number => {
    const number = Number(env[name] ?? otherwise);
    if (!Number.isFinite(number) || number < 0)
      throw new Error(`${name} must be a number, not ${env[name] ?? ''}`);
    return number;
  };
  const text = (
    name: string,
    key: 'cdrUrl' | 'cdrCredentials' | 'spoolDir',
  ): Partial<SandboxSwitchOptions> => {
    const value = env[name];
    return value === undefined || value === '' ? {} : { [key]: value };
  };
  return {
    eslPort: positive('SANDBOX_ESL_PORT', 0),
    httpPort: positive('SANDBOX_SWITCH_PORT', 0),
    password: env['SANDBOX_ESL_PASSWORD'] ?? 'sandbox',
    speechSpeed: positive('SANDBOX_SPEECH_SPEED', 1) || 1,
    silenceSpeed: positive('SANDBOX_SILENCE_SPEED', 1) || 1,
    ...text('SANDBOX_CDR_URL', 'cdrUrl'),
    ...text('SANDBOX_CDR_CREDENTIALS', 'cdrCredentials'),
    ...text('SANDBOX_SPOOL_DIR', 'spoolDir'),
  };
}

try {
  const running = await startSandboxSwitch(fromEnvironment(process.env));
  const ports = { esl: running.eslPort, http: running.httpPort };
  const end = (): void => void running.close().then(() => process.exit(0));
  process.on('SIGTERM', end);
  process.on('disconnect', end);
  if (process.send === undefined) process.stdout.write(`${JSON.stringify({ ready: true, ports })}\n`);
  else process.send({ ready: true, ports });
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  if (process.send === undefined) process.stderr.write(`sandbox switch: ${reason}\n`);
  else process.send({ ready: false, reason });
  process.exitCode = 1;
}
