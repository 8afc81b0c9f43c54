// What a browser may do with our pages: load from us and from Stripe, nowhere else; be framed by the merchant's listed
// sites only; post to us from our own pages only. Headers and the check of the origin live here; routes do not.

import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';

export interface SecuritySettings {
  publicUrl: string;
  /** Address of Stripe.js: `https://js.stripe.com/...`, or the sandbox's stand-in. */
  stripeJsUrl: string;
  /** Where Stripe.js sends card data; Stripe's own when absent. */
  stripeApiOrigin?: string;
}

/** What every answer carries, page or not. The policy that depends on the merchant is set by `allowFraming`. */
export function pageSecurity(settings: SecuritySettings): RequestHandler {
  const secure = settings.publicUrl.startsWith('https:');
  const headers = helmet({
    contentSecurityPolicy: false,
    // frame-ancestors says it better: X-Frame-Options cannot name the merchant's sites.
    frameguard: false,
    // A bank's page may be opened beside ours and must find its way back; nobody else gets hold of our window.
    crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
    // Order links are bearer links: no other site may learn one from a Referer. Our own origin check needs ours.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: secure && { maxAge: 31_536_000, includeSubDomains: false },
  });
  return (request, response, next) => {
    response.setHeader('X-Robots-Tag', 'noindex');
    // The card number is typed into Stripe's frames; nothing on these pages needs any of the rest.
    response.setHeader(
      'Permissions-Policy',
      'camera=(), geolocation=(), microphone=(), usb=(), serial=(), payment=(self "https://js.stripe.com")',
    );
    headers(request, response, next);
  };
}

/** A fresh nonce for one page. 128 bits, as CSP 3 (7.1) advises. */
export function freshNonce(): string {
  return randomBytes(16).toString('base64');
}

/**
 * The content security policy of one page. Stripe's origins are the ones its security guide lists for Stripe.js; a
 * sandbox's stand-in replaces all of them. `framedBy`: origins the merchant listed; empty: nobody may frame the page.
 * `sendsOnTo`: where a form of the page leads in the end: browsers hold a redirect after it against the page, too.
 */
export function contentSecurityPolicy(
  settings: SecuritySettings,
  nonce: string,
  framedBy: readonly string[],
  sendsOnTo?: string,
): string {
  const js = new URL(settings.stripeJsUrl).origin;
  const real = js === 'https://js.stripe.com';
  const api = settings.stripeApiOrigin ?? (real ? 'https://api.stripe.com' : js);
  const stripeScripts = real ? [js, 'https://*.js.stripe.com'] : [js];
  const stripeFrames = real ? [...stripeScripts, 'https://hooks.stripe.com'] : stripeScripts;
  const secure = settings.publicUrl.startsWith('https:');
  const directives: [string, readonly string[]][] = [
    ['default-src', ["'none'"]],
    ['script-src', [`'nonce-${nonce}'`, ...stripeScripts]],
    ['style-src', ["'self'", `'nonce-${nonce}'`]],
    ['img-src', ["'self'", 'data:']],
    ['connect-src', ["'self'", api, ...stripeScripts]],
    ['frame-src', stripeFrames],
    ['base-uri', ["'none'"]],
    ['form-action', ["'self'", ...(sendsOnTo === undefined ? [] : [new URL(sendsOnTo).origin])]],
    ['frame-ancestors', framedBy.length > 0 ? ["'self'", ...framedBy] : ["'self'"]],
    ...(secure ? [['upgrade-insecure-requests', []] as [string, string[]]] : []),
  ];
  return directives.map(([name, values]) => [name, ...values].join(' ')).join('; ');
}

/** Only what is an origin and nothing more may enter a header: a merchant's list is text from outside. */
export function listedOrigins(origins: readonly string[]): string[] {
  return origins.filter((origin) => {
    const parsed = URL.canParse(origin) ? new URL(origin) : undefined;
    return parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.origin === origin;
  });
}

/** Pages and answers that show an order or who is free: never kept by a browser, a proxy or the back button. */
export function neverStored(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Cache-Control', 'no-store');
  next();
}

/**
 * Lets a POST pass only when our own page sent it. There is no cookie to steal, but an order link that leaked must not be
 * driven from another site, and a merchant's page that frames us must not order in a visitor's name.
 */
export function fromOurPages(publicUrl: string): RequestHandler {
  return (request, response, next) => {
    if (cameFrom(request, publicUrl)) {
      next();
      return;
    }
    response.status(403).type('application/problem+json').json({
      type: 'urn:ringmeter:problem:foreign_origin',
      title: 'Forbidden',
      status: 403,
      detail: 'This address takes orders from its own pages only.',
    });
  };
}

/** Whether one of our pages sent it, or, where its Origin says so, one of these sites. */
export function cameFrom(request: Request, publicUrl: string, also: readonly string[] = []): boolean {
  const site = request.get('sec-fetch-site');
  const origin = request.get('origin');
  if (site === 'same-origin') return true;
  if (origin !== undefined && also.includes(origin)) return true;
  if (site !== undefined) return false;
  return isOurs(origin ?? request.get('referer'), publicUrl, request);
}

/**
 * The origin of our pages, or of the address this very request was sent to: a page there is ours too. At our own name only under
 * our own scheme: what is shown at http:// of a site of https:// is whoever's stands in the way.
 */
export function isOurs(address: string | undefined, publicUrl: string, request: Request): boolean {
  if (address === undefined || !URL.canParse(address)) return false;
  const { origin, host } = new URL(address);
  const ours = new URL(publicUrl);
  // Behind a proxy the host header is ours to believe only as far as the browser's own word agrees with it.
  return host === ours.host ? origin === ours.origin : host === request.get('host');
}
