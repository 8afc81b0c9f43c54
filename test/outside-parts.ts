// What stands outside a gateway under test beside its switches: the sandbox's processor and merchant, with secrets of this run
// on both sides, and what a gateway and a switch are told of them.

import { randomBytes } from 'node:crypto';
import { startMerchant } from '../src/sandbox/merchant.ts';
import { startSandboxProcessor } from '../src/sandbox/processor.ts';

export async function startOutsideParts({ dir, gatewayUrl }: { dir: string; gatewayUrl: string }) {
  const secret = (): string => randomBytes(18).toString('hex');
  const eslPassword = secret();
  const keys = { secretKey: `sk_test_sandbox${secret()}`, publishableKey: `pk_test_sandbox${secret()}` };
  const webhookSecret = `whsec_${secret()}`;
  const noticeSecret = `whsec_${randomBytes(24).toString('base64')}`;
  const cdrCredentials = 'switch:cdr-secret';
  const processor = await startSandboxProcessor({
    port: 0,
    ...keys,
    webhookUrl: `${gatewayUrl}/hooks/stripe`,
    webhookSecret,
    origins: [gatewayUrl],
  });
  const merchant = await startMerchant({ dataDir: dir, publicUrl: gatewayUrl, gatewayUrl, noticeSecret });
  const merchantUrl = `http://127.0.0.1:${String(merchant.ports['http'])}`;
  return {
    processorUrl: processor.url,
    merchantUrl,
    cdrCredentials,
    /** For each switch, beside its ports and its manners. */
    forSwitch: { password: eslPassword, cdrUrl: `${gatewayUrl}/hooks/freeswitch/cdr`, cdrCredentials },
    /** For the gateway, beside where its switches are. */
    forGateway: {
      publicUrl: processor.url,
      processorUrl: processor.url,
      ...keys,
      webhookSecret,
      noticesUrl: `${merchantUrl}/notices`,
      noticeSecret,
    },
    eslUrl: (port: number): string => `esl://:${eslPassword}@127.0.0.1:${String(port)}`,
    async close(): Promise<void> {
      await Promise.all([merchant.close(), processor.close()]);
    },
  };
}
