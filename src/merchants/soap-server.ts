// A merchant's server that speaks SOAP 1.1, generated from wsdl/merchant-server.wsdl by whatever he has. What goes out is
// written by that WSDL, and what comes back is held against it before it is held against the rules.

import { randomBytes } from 'node:crypto';
import {
  faultOf,
  readEnvelope,
  soapContentType,
  writeEnvelope,
  writeUsernameToken,
} from '../soap/envelope.ts';
import { wsdlText } from '../soap/wsdl-file.ts';
import type { XmlElement } from '../xml/xml-reader.ts';
import { readWsdl } from '../soap/xml-shapes.ts';
import { readValue, writeElement, type XmlValue } from '../soap/xml-values.ts';
import type { MerchantServerAddress } from '../flow/ports.ts';
import { deliveredBy } from './notice-delivery.ts';
import { readRecognition } from './recognition.ts';
import {
  basicHeader,
  nonsense,
  questionFields,
  statusSentence,
  unreadable,
  type Answered,
  type ServerLanguage,
  type ServerRequest,
} from './server-language.ts';

const operations = { caller: 'recognizeCaller', client_code: 'recognizeClientCode' } as const;
const xmlType = { type: /^(?:text|application)\/xml$/i, name: 'text/xml' };

/** `chance`: that many random bytes, for the nonce of a UsernameToken. */
export function soapServer(chance: (bytes: number) => Buffer = randomBytes): ServerLanguage {
  const wsdl = readWsdl(wsdlText('merchant-server'));

  const request = (
    server: MerchantServerAddress,
    operation: string,
    value: XmlValue,
    at: Date,
  ): ServerRequest => {
    const token = server.usernameToken;
    const header = token
      ? writeUsernameToken({ ...token, nonce: chance(16), created: at.toISOString() })
      : undefined;
    return {
      url: server.url,
      headers: {
        'content-type': soapContentType,
        // WS-I BP 1.1, R2744: quoted.
        soapaction: `"${wsdl.operations.get(operation) ?? ''}"`,
        accept: 'text/xml',
        'accept-encoding': 'identity',
        'user-agent': 'Ringmeter-Calls/1',
        ...basicHeader(server.basic),
      },
      body: writeEnvelope(writeElement(operation, wsdl.namespace, wsdl.shape(operation), value), header),
    };
  };

  /** The value of the answer's element, or which of the ways it is none. */
  const read = (
    operation: string,
    answer: Answered,
  ): { value: XmlValue } | { fault: string } | { wrong: string } | { status: number } => {
    const unread = unreadable(answer, xmlType);
    const isFine = answer.status >= 200 && answer.status <= 299;
    // A fault comes with 500 (SOAP 1.1, 6.2); a page of an overwhelmed server does so too.
    if (!isFine && (answer.status < 400 || unread !== undefined)) return { status: answer.status };
    if (unread !== undefined) return { wrong: unread };
    const envelope = readEnvelope(answer.body);
    if ('refused' in envelope) {
      return isFine
        ? { wrong: `gave an answer that cannot be read: ${envelope.refused}` }
        : { status: answer.status };
    }
    const fault = faultOf(envelope.message);
    if (fault) {
      const { code, sentence } = fault.detail ?? fault;
      return { fault: `answered with a fault (${plain(code, 60)}): ${plain(sentence, 200)}` };
    }
    if (!isFine) return { status: answer.status };
    const { message } = envelope;
    if (message.name !== `${operation}Response` || message.namespace !== wsdl.namespace) {
      return {
        wrong: `gave an answer that cannot be read: its body does not hold ${operation}Response in the namespace ${wsdl.namespace}${nearly(message, operation)}`,
      };
    }
    const value = readValue(message, wsdl.namespace, wsdl.shape(message.name));
    return 'wrong' in value ? { wrong: `gave an answer that does not hold: ${value.wrong}` } : value;
  };

  return {
    question: (server, question, at) =>
      request(server, operations[question.ask], { question: questionFields(question) }, at),

    understand(question, answer) {
      const said = read(operations[question.ask], answer);
      if ('wrong' in said) return nonsense(said.wrong);
      if ('fault' in said) return { outcome: 'failed', because: 'fault', detail: said.fault };
      if ('status' in said) {
        return { outcome: 'failed', because: 'status', detail: statusSentence(said.status) };
      }
      const { recognition } = said.value as { recognition: Record<string, XmlValue> };
      const { consultant, ...rest } = recognition;
      const checked = readRecognition(question, { ...rest, ...(consultant && { consultants: consultant }) });
      if ('wrong' in checked) return nonsense(`gave an answer that does not hold: ${checked.wrong}`);
      return { outcome: 'answered', recognition: checked.recognition };
    },

    report: (server, report) =>
      request(
        server,
        'reportUsage',
        { id: report.id, report: JSON.parse(report.body) as XmlValue },
        report.at,
      ),

    delivered(answer, at) {
      const delivered = deliveredBy(answer, at);
      if (delivered.outcome !== 'delivered' || answer.outcome !== 'answered') return delivered;
      // A page that says "OK" with 200 has kept nothing: only the WSDL's own answer acknowledges.
      if ('value' in read('reportUsage', answer)) return delivered;
      return { outcome: 'refused', status: answer.status };
    },
  };
}

function nearly(message: XmlElement, operation: string): string {
  if (message.name !== `${operation}Response`) return '';
  return message.namespace === '' ? ' (it is in none)' : ' (it is in another)';
}

/** Words of somebody else's in a sentence of ours: on one line, and not many. */
function plain(text: string, most: number): string {
  const line = text
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .replace(/\.$/, '');
  return line.length > most ? `${line.slice(0, most)}…` : line === '' ? 'nothing said' : line;
}
