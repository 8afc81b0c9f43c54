// Every word of the demo page, in both languages. What the phones say comes from the gateway and is not here.

export type Language = 'en' | 'fr';

const en = {
  ribbon: 'sandbox: no real money, no real calls',
  title: 'Ringmeter: the demo',
  tagline: 'A card on the page, two phones ring, one capture.',
  line: 'Line',
  line_demo: 'Usual call',
  line_short: 'Short limit',
  play: 'Play the call for me',
  stop: 'Stop playing',
  mute: 'Mute',
  caller: 'Caller',
  consultant: 'Consultant',
  page: 'The page',
  page_title: "The caller's page",
  open: 'Open in a tab',
  panels: 'Behind the call',
  payments: 'The card processor',
  payments_sub: 'payment intents',
  ledger: 'The ledger',
  ledger_sub: 'each transaction sums to zero',
  notices: "The merchant's server",
  notices_sub: 'signed notices it received',
  none_payments: 'No card has been held yet.',
  none_ledger: 'No money has moved yet.',
  none_notices: 'The merchant has been told nothing yet.',
  state_idle: 'On the hook',
  state_ringing: 'Ringing',
  state_answered: 'On the line',
  state_music: 'Waiting, with music',
  state_bridged: 'Talking',
  state_ended: 'Call ended',
  answer: 'Answer',
  hangup: 'Hang up',
  refuse: 'Decline',
  music: '♪ Music while waiting',
  keypad: 'Keypad',
  heard: 'What this phone hears',
  choose: 'Which consultant',
  joint_idle: 'no call',
  joint_ringing: 'ringing',
  joint_waiting: 'connecting',
  joint_talking: 'talking {clock}',
  held: 'held',
  captured: '{amount} captured',
  released: 'released',
  needs_card: 'waits for a card',
  needs_action: 'waits for the bank',
  processing: 'processing',
  of_held: 'of {amount} held',
  declined: 'declined',
  verified: 'signature verified',
  forged: 'signature refused',
  answered_with: 'answered {codes}',
  dropped: 'no answer',
  show: 'what it said',
  kind_authorize: 'Hold',
  kind_capture: 'Capture',
  kind_release: 'Release',
  kind_expire: 'Hold expired',
  kind_fee: 'Platform fee',
  kind_refund: 'Refund',
  kind_write_off: 'Written off',
  account_card: "caller's card",
  account_held: 'held',
  account_merchant: 'merchant',
  account_platform: 'platform',
  account_written_off: 'written off',
  away: 'The gateway does not answer. Is npm start still running?',
  caption_start:
    'Order a call on the page, then answer the phones as they ring. Or let it be played for you.',
  caption_order: 'The caller orders and pays: the card is held, not charged.',
  caption_consultant_rings:
    'The consultant rings first. Nobody waits on the line for someone who is not there.',
  caption_consultant_hears:
    'The consultant hears what kind of call it is and how many minutes are paid, and presses 1 to accept.',
  caption_caller_rings: 'Now the caller rings, while the consultant waits with music.',
  caption_caller_hears:
    'The caller hears name and price, and agrees with 1. Without it the two are never joined.',
  caption_talk: 'Joined: the clock and the cost run, on the page too. The limit is armed in the switch.',
  caption_talk_short:
    'This line has a short limit: before the money ends the caller is warned, then the call is cut to the second.',
  caption_hangup: 'The caller hangs up.',
  caption_limit: 'The limit ended the call: not a second is talked that was not paid.',
  caption_settle: 'The talk is rated, captured once, and the rest released. The merchant is told.',
  caption_done: 'Done: {captured} captured of {held} held. The receipt is on the page.',
  caption_nothing: 'The call ended before it began: nothing was charged.',
  caption_stopped: 'Stopped. The call goes on: it is yours now.',
  caption_failed: 'The order was refused: {reason}',
  break_title: 'Break something',
  break_gateway: 'Kill the gateway',
  break_gateway_sub: 'kill -9, in mid-call if you like',
  break_link: 'Lose the switch',
  break_link_sub: 'its event socket is cut for 10 s',
  break_switch: 'Crash the switch',
  break_switch_sub: 'its calls die with it',
  break_processor: 'Silence the processor',
  break_processor_sub: 'it answers nothing for 15 s',
  break_merchant: 'Drop the merchant',
  break_merchant_sub: 'his server answers 503 for 10 s',
  break_wait: '{seconds} s',
  break_back: 'coming back',
  break_refused: 'That could not be broken: {reason}',
  story_title: 'What happens',
  story_none: 'Nothing has been broken yet. Begin a call, then break something in the middle of it.',
  gateway_killed: 'kill -9: the gateway’s process {pid} is gone.',
  gateway_killed_talking:
    'kill -9: the gateway’s process {pid} is gone, and the two talk on: call and limit stand in the switch.',
  gateway_serves: 'A new process serves after {seconds} s.',
  gateway_commands: 'After {seconds} s it commands the switch again.',
  gateway_adopted:
    'After {seconds} s it has asked the switch what lives, and carries the call on. Nobody noticed.',
  link_cut: 'The event socket is cut for {seconds} s: the gateway hears nothing of the switch.',
  link_cut_talking:
    'The event socket is cut for {seconds} s. The two talk on, and the switch would cut them at the limit by itself.',
  link_ended_unheard: 'They hung up while nobody listened: the switch’s own record will say when.',
  link_back: 'The link is back after {seconds} s.',
  link_back_talking: 'The link is back after {seconds} s, the talk was adopted as it is.',
  link_back_ended:
    'The link is back after {seconds} s: the end of the talk is taken from the switch’s record, to the millisecond.',
  switch_killed: 'The switch crashed, with everything in it.',
  switch_killed_talking:
    'The switch crashed, and the call with it. Nothing is billed past what can be proven of the talk.',
  switch_back: 'The switch runs again and is commanded after {seconds} s.',
  processor_silent: 'The card processor takes every request and answers none for {seconds} s.',
  processor_unanswered:
    'Requests without an answer so far: {count}. Each is asked again under the same key: nothing is done twice.',
  processor_back: 'The processor answers again.',
  merchant_down: 'The merchant’s server answers 503 for {seconds} s. Calls do not need it.',
  merchant_refused: 'Notices refused so far: {count}. Each is kept, with its id and its body.',
  merchant_back: 'His server is back.',
  merchant_caught_up: 'What he missed has arrived: nothing is lost, and nothing counts twice.',
  proof_title: 'To the cent',
  proof_none: 'After the next paid talk: what the switch measured, priced, beside what was captured.',
  proof_switch: 'The switch measured',
  proof_switch_value: '{seconds} s',
  proof_price: 'By the tariff',
  proof_tariff: '{fixed} + {minute} a minute',
  proof_tariff_included: '{fixed} for {minutes} min, then {minute} a minute',
  proof_captured: 'The processor captured',
  proof_receipt: 'The receipt says',
  proof_agrees: 'They agree.',
  proof_differs: 'They differ: that is a bug.',
};

export type TextKey = keyof typeof en;

const fr: Record<TextKey, string> = {
  ribbon: 'bac à sable : ni argent réel, ni vrais appels',
  title: 'Ringmeter : la démo',
  tagline: 'Une carte sur la page, deux téléphones sonnent, un seul débit.',
  line: 'Ligne',
  line_demo: 'Appel courant',
  line_short: 'Limite courte',
  play: "Jouer l'appel pour moi",
  stop: 'Arrêter',
  mute: 'Muet',
  caller: 'Appelant',
  consultant: 'Consultant',
  page: 'La page',
  page_title: "La page de l'appelant",
  open: 'Ouvrir dans un onglet',
  panels: "Derrière l'appel",
  payments: 'Le prestataire de paiement',
  payments_sub: 'intentions de paiement',
  ledger: 'Le grand livre',
  ledger_sub: 'chaque opération est à somme nulle',
  notices: 'Le serveur du marchand',
  notices_sub: 'notifications signées reçues',
  none_payments: "Aucune carte n'a encore été réservée.",
  none_ledger: "Aucun argent n'a encore bougé.",
  none_notices: "Le marchand n'a encore rien reçu.",
  state_idle: 'Raccroché',
  state_ringing: 'Sonne',
  state_answered: 'En ligne',
  state_music: 'En attente, en musique',
  state_bridged: 'En conversation',
  state_ended: 'Appel terminé',
  answer: 'Répondre',
  hangup: 'Raccrocher',
  refuse: 'Refuser',
  music: "♪ Musique d'attente",
  keypad: 'Clavier',
  heard: 'Ce que ce téléphone entend',
  choose: 'Quel consultant',
  joint_idle: 'aucun appel',
  joint_ringing: 'sonnerie',
  joint_waiting: 'mise en relation',
  joint_talking: 'conversation {clock}',
  held: 'réservé',
  captured: '{amount} débités',
  released: 'libéré',
  needs_card: 'attend une carte',
  needs_action: 'attend la banque',
  processing: 'en cours',
  of_held: 'sur {amount} réservés',
  declined: 'refusé',
  verified: 'signature vérifiée',
  forged: 'signature refusée',
  answered_with: 'réponse {codes}',
  dropped: 'aucune',
  show: 'contenu',
  kind_authorize: 'Réservation',
  kind_capture: 'Débit',
  kind_release: 'Libération',
  kind_expire: 'Réservation expirée',
  kind_fee: 'Commission',
  kind_refund: 'Remboursement',
  kind_write_off: 'Abandon',
  account_card: "carte de l'appelant",
  account_held: 'réservé',
  account_merchant: 'marchand',
  account_platform: 'plateforme',
  account_written_off: 'abandonné',
  away: 'La passerelle ne répond pas. npm start tourne-t-il encore ?',
  caption_start:
    'Commandez un appel sur la page, puis répondez aux téléphones. Ou laissez-le jouer pour vous.',
  caption_order: "L'appelant commande et paie : la somme est réservée, non débitée.",
  caption_consultant_rings:
    "Le consultant sonne d'abord : personne n'attend en ligne quelqu'un qui n'est pas là.",
  caption_consultant_hears:
    "Le consultant entend la nature de l'appel et la durée payée, et appuie sur 1 pour accepter.",
  caption_caller_rings: "L'appelant sonne à son tour, pendant que le consultant patiente en musique.",
  caption_caller_hears:
    "L'appelant entend le nom et le prix, et accepte avec 1. Sans cela, jamais de mise en relation.",
  caption_talk:
    'En relation : le temps et le coût défilent, sur la page aussi. La limite est armée dans le commutateur.',
  caption_talk_short:
    "Cette ligne a une limite courte : l'appelant est prévenu avant la fin, puis l'appel est coupé à la seconde.",
  caption_hangup: "L'appelant raccroche.",
  caption_limit: "La limite a mis fin à l'appel : pas une seconde au-delà de ce qui est payé.",
  caption_settle:
    'La conversation est tarifée, débitée une seule fois, le reste libéré. Le marchand est prévenu.',
  caption_done: 'Terminé : {captured} débités sur {held} réservés. Le reçu est sur la page.',
  caption_nothing: "L'appel a pris fin avant de commencer : rien n'a été débité.",
  caption_stopped: "Arrêté. L'appel continue : il est à vous.",
  caption_failed: 'La commande a été refusée : {reason}',
  break_title: 'Cassez quelque chose',
  break_gateway: 'Tuer la passerelle',
  break_gateway_sub: 'kill -9, en plein appel si vous voulez',
  break_link: 'Perdre le commutateur',
  break_link_sub: 'sa liaison est coupée 10 s',
  break_switch: 'Planter le commutateur',
  break_switch_sub: 'ses appels meurent avec lui',
  break_processor: 'Taire le prestataire',
  break_processor_sub: 'il ne répond plus pendant 15 s',
  break_merchant: 'Couper le marchand',
  break_merchant_sub: 'son serveur répond 503 pendant 10 s',
  break_wait: '{seconds} s',
  break_back: 'redémarre',
  break_refused: "Cela n'a pas pu être cassé : {reason}",
  story_title: 'Ce qui se passe',
  story_none: "Rien n'est cassé. Lancez un appel, puis cassez quelque chose au milieu.",
  gateway_killed: 'kill -9 : le processus {pid} de la passerelle a disparu.',
  gateway_killed_talking:
    "kill -9 : le processus {pid} de la passerelle a disparu, et l'on parle toujours : l'appel et sa limite sont dans le commutateur.",
  gateway_serves: 'Un nouveau processus répond après {seconds} s.',
  gateway_commands: 'Après {seconds} s, il commande de nouveau le commutateur.',
  gateway_adopted:
    "Après {seconds} s, il a demandé au commutateur ce qui vit et poursuit l'appel. Personne n'a rien remarqué.",
  link_cut: "La liaison est coupée {seconds} s : la passerelle n'entend plus le commutateur.",
  link_cut_talking:
    'La liaison est coupée {seconds} s. On parle toujours, et le commutateur couperait seul à la limite.',
  link_ended_unheard: "Ils ont raccroché sans témoin : l'enregistrement du commutateur dira à quel instant.",
  link_back: 'La liaison est rétablie après {seconds} s.',
  link_back_talking: 'La liaison est rétablie après {seconds} s, la conversation reprise telle quelle.',
  link_back_ended:
    "La liaison est rétablie après {seconds} s : la fin est lue dans l'enregistrement du commutateur, à la milliseconde.",
  switch_killed: "Le commutateur s'est planté, avec tout ce qu'il portait.",
  switch_killed_talking:
    "Le commutateur s'est planté, et l'appel avec lui. Rien n'est facturé au-delà de ce qui est prouvé.",
  switch_back: 'Le commutateur fonctionne et obéit de nouveau après {seconds} s.',
  processor_silent: 'Le prestataire reçoit tout et ne répond à rien pendant {seconds} s.',
  processor_unanswered:
    "Demandes sans réponse : {count}. Chacune est répétée sous la même clé : rien n'est fait deux fois.",
  processor_back: 'Le prestataire répond de nouveau.',
  merchant_down: "Le serveur du marchand répond 503 pendant {seconds} s. Les appels s'en passent.",
  merchant_refused: 'Notifications refusées : {count}. Chacune est gardée, avec son numéro et son texte.',
  merchant_back: 'Son serveur est de retour.',
  merchant_caught_up: "Ce qui lui manquait est arrivé : rien n'est perdu, rien ne compte deux fois.",
  proof_title: 'Au centime près',
  proof_none:
    'Après la prochaine conversation payée : ce que le commutateur a mesuré, tarifé, à côté du débit.',
  proof_switch: 'Mesuré par le commutateur',
  proof_switch_value: '{seconds} s',
  proof_price: 'Selon le tarif',
  proof_tariff: '{fixed} + {minute} la minute',
  proof_tariff_included: '{fixed} pour {minutes} min, puis {minute} la minute',
  proof_captured: 'Débité par le prestataire',
  proof_receipt: 'Sur le reçu',
  proof_agrees: 'Tout concorde.',
  proof_differs: "Cela ne concorde pas : c'est une erreur.",
};

const kept = 'ringmeter-demo-language';
let language: Language = initial();

function initial(): Language {
  const stored = localStorage.getItem(kept);
  if (stored === 'fr' || stored === 'en') return stored;
  return navigator.language.startsWith('fr') ? 'fr' : 'en';
}

export function currentLanguage(): Language {
  return language;
}

export function chooseLanguage(chosen: Language): void {
  language = chosen;
  localStorage.setItem(kept, chosen);
}

/** The text, with `{name}` replaced. */
export function text(key: TextKey, values: Record<string, string> = {}): string {
  return (language === 'fr' ? fr : en)[key].replace(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? '');
}

export function hasText(key: string): key is TextKey {
  return key in en;
}

/** `undefined` for a key that is none: kinds and accounts the page does not know are shown as they are. */
export function textOr(key: string, otherwise: string): string {
  return key in en ? text(key as TextKey) : otherwise;
}
