// The frame every page of ours has: merchant's name and colours, contact, language, ribbon of the sandbox, nonce and
// content security policy. Here also the pages that hold one message and nothing else.

import type { Request, Response } from 'express';
import { languages, type Language } from '../core/ids.ts';
import type { MerchantView } from '../store/order-view.ts';
import { accentColors } from './accent.ts';
import type { PageAssets } from './page-assets.ts';
import { contentSecurityPolicy, freshNonce, listedOrigins } from './security.ts';
import type { Templates } from './templates.ts';
import { showPhone, text } from './texts.ts';

export interface FrameSettings {
  publicUrl: string;
  stripeJsUrl: string;
  stripeApiOrigin?: string;
  publishableKey: string;
  sandbox?: { ribbon: true; demoOrigin: string };
}

export interface Frame {
  language: Language;
  merchant?: MerchantView;
  title: string;
  /** `columns`: two on a wide screen. `single`: one narrow column. */
  shape: 'columns' | 'single';
  scripts?: readonly ('choose' | 'order' | 'topup')[];
  /** The card is asked for: Stripe.js may as well come early, and the sandbox names its test card. */
  card?: boolean;
  /** No card is ever asked for here: nothing is said of how it is kept. */
  noCard?: boolean;
  /** Where a form of this page leads in the end, when not to us. */
  sendsOnTo?: string;
  status?: number;
}

export interface Message {
  title: string;
  sentences: string[];
  link?: { href: string; text: string };
}

export class PageFrame {
  readonly #settings: FrameSettings;
  readonly #assets: PageAssets;
  readonly #templates: Templates;

  constructor(settings: FrameSettings, assets: PageAssets, templates: Templates) {
    this.#settings = settings;
    this.#assets = assets;
    this.#templates = templates;
  }

  send(request: Request, response: Response, template: string, frame: Frame, shown: object): void {
    const { sandbox } = this.#settings;
    const nonce = freshNonce();
    const framedBy = [
      ...listedOrigins(frame.merchant?.pageOrigins ?? []),
      ...(sandbox ? [sandbox.demoOrigin] : []),
    ];
    const accent = accentColors(frame.merchant?.brand.accent);
    const page = {
      title: frame.title,
      nonce,
      accent,
      style: this.#assets.style.path,
      scripts: (frame.scripts ?? []).map((name) => this.#assets[name].path),
      ...(frame.card === true && { preload: this.#settings.stripeJsUrl }),
      shape: frame.shape,
      brand: frame.merchant?.brand.logoText ?? frame.merchant?.name ?? '',
      otherLanguage: otherLanguage(request, frame.language),
      ...(sandbox && { sandbox: { card: frame.card === true } }),
      ...(frame.merchant && {
        merchant: { ...frame.merchant, phoneShown: showPhone(frame.merchant.contactPhone) },
        takesCards: frame.noCard !== true,
      }),
    };
    const markup = this.#templates.render(template, frame.language, { page, ...shown });
    response
      .status(frame.status ?? 200)
      .set('Content-Security-Policy', contentSecurityPolicy(this.#settings, nonce, framedBy, frame.sendsOnTo))
      .set('Content-Language', frame.language)
      .vary('Accept-Language')
      .type('html')
      .send(markup);
  }

  /** One clear sentence, and what to do next. */
  sendMessage(
    request: Request,
    response: Response,
    frame: Omit<Frame, 'title' | 'shape'>,
    message: Message,
  ): void {
    this.send(request, response, 'message', { ...frame, title: message.title, shape: 'single' }, { message });
  }

  sendClosed(request: Request, response: Response, language: Language, merchant: MerchantView): void {
    // As the API answers for a merchant who is switched off: the address is right, nothing is sold here now.
    this.sendMessage(
      request,
      response,
      { language, merchant, status: 403 },
      {
        title: text(language, 'closed.title'),
        sentences: [
          text(language, 'closed.text'),
          text(language, 'closed.next', { email: merchant.contactEmail }),
        ],
      },
    );
  }
}

/** `?lang=` first, then what the page would say by itself, then what the browser prefers. */
export function languageOf(request: Request, usual?: Language): Language {
  const asked = languages.find((language) => language === request.query['lang']);
  if (asked) return asked;
  if (usual) return usual;
  // English first: it is what `*`, or a browser of neither language, gets.
  return request.acceptsLanguages(['en', 'fr']) === 'fr' ? 'fr' : 'en';
}

function otherLanguage(request: Request, language: Language): { href: string; code: Language } {
  const code = language === 'fr' ? 'en' : 'fr';
  const query = new URL(request.originalUrl, 'http://page').searchParams;
  query.set('lang', code);
  return { href: `?${query.toString()}`, code };
}
