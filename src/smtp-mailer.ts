// Mail by SMTP, or none: without a server configured nothing is sent and nobody is promised mail.

import { createTransport } from 'nodemailer';
import type { Log, Mail, Mailer } from './flow/ports.ts';

export function smtpMailer(
  settings: { smtpUrl: string; from: string } | undefined,
  log: Log,
): Mailer & { close(): void } {
  if (!settings) return { configured: false, send: () => Promise.resolve('failed'), close: () => undefined };
  const { smtpUrl, from } = settings;
  const transport = createTransport(smtpUrl, { from });
  const host = /@?([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? 'localhost';
  return {
    configured: true,
    async send(mail: Mail) {
      try {
        await transport.sendMail({
          to: mail.to,
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          messageId: `<${mail.key}@${host}>`,
          headers: { 'Content-Language': mail.language, 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        return 'sent';
      } catch (error) {
        // The address is a person's: only the key and the kind of failure are written down.
        log.warn({ mail: mail.key, code: (error as { code?: string }).code }, 'a mail was not taken');
        return 'failed';
      }
    },
    close: () => transport.close(),
  };
}
