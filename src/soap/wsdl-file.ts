// Our two WSDLs, where they lie: both `src/soap` and `dist/soap` are two levels below the project.

import { readFileSync } from 'node:fs';

/** `merchant-server`: what a merchant implements. `ringmeter`: what we serve. */
export function wsdlText(name: 'merchant-server' | 'ringmeter'): string {
  return readFileSync(new URL(`../../wsdl/${name}.wsdl`, import.meta.url), 'utf8');
}
