// The sentences of problems. Each says what is so, and what to do next.

import type { Language } from '../core/ids.ts';
import type { DeclineReason } from '../flow/ports.ts';
import type { ProblemKind } from './problem-kinds.ts';

type Both = Record<Language, string>;

export const problemTexts: Record<ProblemKind, { title: Both; detail: Both }> = {
  'not-authorized': {
    title: { en: 'No valid API key', fr: 'Pas de clé d’API valable' },
    detail: {
      en: 'Send your API key as "Authorization: Bearer rk_live_...". If you did, it is mistyped or was revoked: create another.',
      fr: 'Envoyez votre clé d’API ainsi : « Authorization: Bearer rk_live_... ». Si vous l’avez fait, elle est mal recopiée ou révoquée : créez-en une autre.',
    },
  },
  'not-found': {
    title: { en: 'No such address', fr: 'Adresse inconnue' },
    detail: {
      en: 'Nothing is served at this address. All addresses are listed in /openapi.json.',
      fr: 'Rien n’est servi à cette adresse. Toutes les adresses figurent dans /openapi.json.',
    },
  },
  'not-signed-in': {
    title: { en: 'Not signed in', fr: 'Pas de connexion' },
    detail: {
      en: 'Nobody is signed in here, or the session has ended. Sign in, then ask again.',
      fr: 'Personne n’est connecté ici, ou la session a pris fin. Connectez-vous, puis recommencez.',
    },
  },
  'no-right': {
    title: { en: 'No right to this', fr: 'Droit manquant' },
    detail: {
      en: 'Your account may not do this for this merchant. Ask an owner to give you the right.',
      fr: 'Votre compte n’a pas ce droit chez ce marchand. Demandez-le à un propriétaire.',
    },
  },
  'step-up-needed': {
    title: { en: 'Show again who you are', fr: 'Confirmez votre identité' },
    detail: {
      en: 'This changes money, secrets or people. Give your password or a code once more, then send it again.',
      fr: 'Cela touche à l’argent, aux secrets ou aux personnes. Redonnez votre mot de passe ou un code, puis renvoyez.',
    },
  },
  'second-factor-needed': {
    title: { en: 'A second factor is needed', fr: 'Une seconde étape est nécessaire' },
    detail: {
      en: 'The password alone is not enough here. Give the code of your authenticator, or set one up first.',
      fr: 'Le mot de passe seul ne suffit pas ici. Donnez le code de votre application, ou configurez-en une d’abord.',
    },
  },
  'wrong-origin': {
    title: { en: 'Sent from another site', fr: 'Demande d’un autre site' },
    detail: {
      en: 'A signed-in browser may change something from our own pages only. Open the page here and do it there.',
      fr: 'Un navigateur connecté ne modifie rien que depuis nos pages. Ouvrez la page ici et recommencez.',
    },
  },
  'sign-in-refused': {
    title: { en: 'These do not fit', fr: 'Identifiants refusés' },
    detail: {
      en: 'What you gave does not open an account here. Check it and try again, or ask for a new password.',
      fr: 'Ces identifiants n’ouvrent aucun compte ici. Vérifiez et réessayez, ou demandez un nouveau mot de passe.',
    },
  },
  'too-many-tries': {
    title: { en: 'Tried too often', fr: 'Trop d’essais' },
    detail: {
      en: 'This was tried too often from here. Wait as long as Retry-After says, or ask for a new password.',
      fr: 'Trop d’essais depuis cet endroit. Attendez le temps indiqué par Retry-After, ou demandez un nouveau mot de passe.',
    },
  },
  'link-unknown': {
    title: { en: 'This link opens nothing', fr: 'Ce lien n’ouvre rien' },
    detail: {
      en: 'It was used, has run out or was replaced by a newer one. Ask for another.',
      fr: 'Il a déjà servi, a expiré ou un plus récent l’a remplacé. Demandez-en un autre.',
    },
  },
  'already-member': {
    title: { en: 'Already a member', fr: 'Déjà membre' },
    detail: {
      en: 'This person works for you already. Change the role or the rights there.',
      fr: 'Cette personne travaille déjà chez vous. Modifiez là son rôle ou ses droits.',
    },
  },
  'last-owner': {
    title: { en: 'The last owner', fr: 'Le dernier propriétaire' },
    detail: {
      en: 'Nobody would be left who may let others in. Make somebody else an owner first.',
      fr: 'Plus personne ne pourrait inviter. Nommez d’abord un autre propriétaire.',
    },
  },
  'unknown-id': {
    title: { en: 'Unknown id', fr: 'Identifiant inconnu' },
    detail: {
      en: 'Nothing of yours has this id. Check that it is complete and belongs to the account of this API key.',
      fr: 'Rien chez vous ne porte cet identifiant. Vérifiez qu’il est complet et appartient au compte de cette clé d’API.',
    },
  },
  'method-not-allowed': {
    title: { en: 'Method not allowed', fr: 'Méthode non permise' },
    detail: {
      en: 'This address exists, but not for this method. The header Allow lists the methods it takes.',
      fr: 'Cette adresse existe, mais pas pour cette méthode. L’en-tête Allow donne les méthodes acceptées.',
    },
  },
  'not-json': {
    title: { en: 'The body is not JSON', fr: 'Le corps n’est pas du JSON' },
    detail: {
      en: 'The body could not be read as JSON in UTF-8. Check quotes, commas and the encoding, and send it again.',
      fr: 'Le corps n’a pas pu être lu comme du JSON en UTF-8. Vérifiez guillemets, virgules et encodage, puis renvoyez-le.',
    },
  },
  'unsupported-media-type': {
    title: { en: 'Unsupported media type', fr: 'Type de contenu non pris en charge' },
    detail: {
      en: 'Send the body as JSON, with "Content-Type: application/json".',
      fr: 'Envoyez le corps en JSON, avec « Content-Type: application/json ».',
    },
  },
  'too-large': {
    title: { en: 'The body is too large', fr: 'Le corps est trop grand' },
    detail: {
      en: 'A body may have 64 kB at most, a scenario 512 kB. Send only the fields that /openapi.json lists.',
      fr: 'Un corps ne dépasse pas 64 ko, un scénario 512 ko. N’envoyez que les champs listés dans /openapi.json.',
    },
  },
  'invalid-request': {
    title: { en: 'Invalid request', fr: 'Demande non valable' },
    detail: {
      en: 'Some values are missing or not of the expected form: correct those that "errors" points to, and send it again.',
      fr: 'Des valeurs manquent ou n’ont pas la forme attendue : corrigez celles que « errors » désigne, puis renvoyez la demande.',
    },
  },
  'invalid-idempotency-key': {
    title: { en: 'Invalid Idempotency-Key', fr: 'Idempotency-Key non valable' },
    detail: {
      en: 'An Idempotency-Key has 1 to 255 visible ASCII characters, a UUID for instance. Send the request again with such a key.',
      fr: 'Une Idempotency-Key compte 1 à 255 caractères ASCII visibles, un UUID par exemple. Renvoyez la demande avec une telle clé.',
    },
  },
  'idempotency-key-reused': {
    title: {
      en: 'Idempotency-Key used for another request',
      fr: 'Idempotency-Key déjà employée pour une autre demande',
    },
    detail: {
      en: 'This Idempotency-Key came with another request in the last 24 hours. Use a new key for a new request.',
      fr: 'Cette Idempotency-Key accompagnait une autre demande dans les dernières 24 heures. Prenez une nouvelle clé pour une nouvelle demande.',
    },
  },
  'request-in-progress': {
    title: { en: 'The same request is being carried out', fr: 'La même demande est en cours' },
    detail: {
      en: 'A request with this Idempotency-Key is being carried out. Repeat it in a few seconds to get its answer.',
      fr: 'Une demande portant cette Idempotency-Key est en cours. Répétez-la dans quelques secondes pour obtenir sa réponse.',
    },
  },
  'already-ended': {
    title: { en: 'The call is over', fr: 'L’appel est terminé' },
    detail: {
      en: 'This call has ended, there is nothing to hang up. Read it with GET /v1/call-sessions/{id}.',
      fr: 'Cet appel est terminé, il n’y a rien à raccrocher. Lisez-le avec GET /v1/call-sessions/{id}.',
    },
  },
  'no-notice-address': {
    title: { en: 'No address for notices', fr: 'Pas d’adresse pour les avis' },
    detail: {
      en: 'No address for notices is set for your account, or yours answered 410 and was switched off, so there is nowhere to send this one. Set one, then replay it.',
      fr: 'Aucune adresse d’avis n’est réglée pour votre compte, ou la vôtre a répondu 410 et a été coupée : il n’y a pas où envoyer celui-ci. Réglez-en une, puis rejouez-le.',
    },
  },
  'nobody-to-tell': {
    title: { en: 'Nobody to be told', fr: 'Personne à prévenir' },
    detail: {
      en: 'No server of yours is set for the number this call came to, so there is nobody to be told of it. When one is set, the report follows by itself.',
      fr: 'Aucun serveur à vous n’est réglé pour le numéro de cet appel : il n’y a personne à prévenir. Dès qu’il y en aura un, le rapport suivra de lui-même.',
    },
  },
  'no-link-secret': {
    title: { en: 'No secret for links', fr: 'Pas de secret pour les liens' },
    detail: {
      en: 'Your account has no secret to sign links with. Ask the operator for one, or use a link without reference and return.',
      fr: 'Votre compte n’a pas de secret pour signer des liens. Demandez-en un à l’opérateur, ou utilisez un lien sans reference ni return.',
    },
  },
  'no-server': {
    title: { en: 'No server of yours is set', fr: 'Aucun serveur à vous n’est réglé' },
    detail: {
      en: 'No server of your own is set here, so nobody is asked who calls. Set one with PUT, then ask again.',
      fr: 'Aucun serveur à vous n’est réglé ici : personne n’est interrogé sur l’appelant. Réglez-en un par PUT, puis redemandez.',
    },
  },
  'changed-meanwhile': {
    title: { en: 'Changed by somebody else meanwhile', fr: 'Modifié entre-temps par quelqu’un d’autre' },
    detail: {
      en: 'Nothing was changed: what you based this on is not what stands by now. Read it again, make your change there, and send it with the new ETag.',
      fr: 'Rien n’a été modifié : ce dont vous êtes parti n’est plus ce qui est enregistré. Relisez-le, refaites votre modification et renvoyez-la avec le nouvel ETag.',
    },
  },
  'consultant-archived': {
    title: { en: 'This consultant was removed', fr: 'Ce consultant a été retiré' },
    detail: {
      en: 'He is kept for the calls he took and can no longer be changed or rung. Make a new consultant with POST /v1/consultants.',
      fr: 'Il n’est gardé que pour les appels qu’il a pris : on ne peut plus le modifier ni l’appeler. Créez un consultant par POST /v1/consultants.',
    },
  },
  'short-number-taken': {
    title: { en: 'This short number is taken', fr: 'Ce numéro court est pris' },
    detail: {
      en: 'Another consultant or group of yours has this short number. Choose another one, or take it from him first.',
      fr: 'Un autre de vos consultants ou groupes porte ce numéro court. Choisissez-en un autre, ou retirez-le-lui d’abord.',
    },
  },
  'no-sip-edge': {
    title: { en: 'No logins for telephones here', fr: 'Pas d’identifiants de téléphone ici' },
    detail: {
      en: 'Telephones cannot register here: there is no SIP edge. Give the consultant a number, or a SIP address elsewhere; or ask the operator to set DRACHTIO_URL.',
      fr: 'Les téléphones ne peuvent pas s’enregistrer ici : il n’y a pas de bordure SIP. Donnez au consultant un numéro, ou une adresse SIP ailleurs ; ou demandez à l’exploitant de régler DRACHTIO_URL.',
    },
  },
  'short-number-needed': {
    title: { en: 'A short number is needed', fr: 'Un numéro court est nécessaire' },
    detail: {
      en: 'The user name is made of it, and he has none. Give him a short number, then make the login.',
      fr: 'Le nom d’utilisateur en est formé, et il n’en a pas. Donnez-lui un numéro court, puis créez l’identifiant.',
    },
  },
  'nobody-to-mail': {
    title: { en: 'Nobody to write to', fr: 'Personne à qui écrire' },
    detail: {
      en: 'Nobody signs in as this consultant with an e-mail address. Invite him with POST /v1/users, or give him the login yourself.',
      fr: 'Personne ne se connecte comme ce consultant avec une adresse e-mail. Invitez-le par POST /v1/users, ou remettez-lui l’identifiant vous-même.',
    },
  },
  'group-in-use': {
    title: { en: 'Lines are served by this group', fr: 'Des lignes sont servies par ce groupe' },
    detail: {
      en: 'The group was not removed: callers of the lines in "lines" are rung through it. Give those lines consultants or another group with PATCH /v1/lines/{line}, then remove it.',
      fr: 'Le groupe n’a pas été retiré : les appels des lignes de « lines » passent par lui. Donnez à ces lignes des consultants ou un autre groupe par PATCH /v1/lines/{line}, puis retirez-le.',
    },
  },
  'slug-in-use': {
    title: { en: 'You have one of this name already', fr: 'Ce nom est déjà pris chez vous' },
    detail: {
      en: 'Nothing was made: another of yours has this slug. Choose another, or change that one.',
      fr: 'Rien n’a été créé : vous en avez déjà un qui porte ce slug. Choisissez-en un autre, ou modifiez celui-là.',
    },
  },
  'scenario-in-use': {
    title: { en: 'Calls come to this scenario', fr: 'Des appels arrivent à ce scénario' },
    detail: {
      en: 'It was not archived: the numbers in "ddis" lead to it, it follows the talks of the lines in "lines", and the live versions of the scenarios in "scenarios" go on in it. Lead those elsewhere first.',
      fr: 'Il n’a pas été archivé : les numéros de « ddis » y mènent, il fait suite aux conversations des lignes de « lines », et les versions en service des scénarios de « scenarios » y conduisent. Dirigez-les d’abord ailleurs.',
    },
  },
  'scenario-faulty': {
    title: { en: 'A caller would fall in this scenario', fr: 'Un appelant tomberait dans ce scénario' },
    detail: {
      en: 'Nothing went live: "faults" says what is wrong, and where. Mend what is an error there; a warning may stay.',
      fr: 'Rien n’a été mis en service : « faults » dit ce qui ne va pas, et où. Corrigez ce qui est une erreur ; un avertissement peut rester.',
    },
  },
  'sound-in-use': {
    title: { en: 'Callers hear this sound', fr: 'Des appelants entendent ce son' },
    detail: {
      en: 'It was not deleted: the live versions of the scenarios in "scenarios" play it. Replace it, or publish them without it first.',
      fr: 'Il n’a pas été supprimé : les versions en service des scénarios de « scenarios » le font entendre. Remplacez-le, ou publiez-les d’abord sans lui.',
    },
  },
  'no-voice': {
    title: { en: 'The text could not be spoken', fr: 'Le texte n’a pas pu être lu' },
    detail: {
      en: 'No speech engine answered here. Send a recording instead, or try again later; operators set the engine by TTS_ENGINE, TTS_COMMAND or TTS_URL.',
      fr: 'Aucune voix de synthèse n’a répondu ici. Envoyez un enregistrement, ou réessayez plus tard ; la voix se règle par TTS_ENGINE, TTS_COMMAND ou TTS_URL.',
    },
  },
  'slug-taken': {
    title: { en: 'This name in links is taken', fr: 'Ce nom de lien est déjà pris' },
    detail: {
      en: 'Nothing was made: another resource has this name in its links, or had it before it was removed. Choose another slug.',
      fr: 'Rien n’a été créé : une autre ressource porte ce nom dans ses liens, ou l’a porté avant d’être retirée. Choisissez un autre slug.',
    },
  },
  'resource-in-use': {
    title: {
      en: 'Sales end in codes of this resource',
      fr: 'Des ventes aboutissent à un code de cette ressource',
    },
    detail: {
      en: 'The resource was not removed: what the lines in "lines" sell ends in an access code of it. Give those lines another end with PATCH /v1/lines/{line} (afterSale), then remove it.',
      fr: 'La ressource n’a pas été retirée : ce que vendent les lignes de « lines » aboutit à un code d’accès de celle-ci. Donnez à ces lignes une autre fin par PATCH /v1/lines/{line} (afterSale), puis retirez-la.',
    },
  },
  'number-not-rung': {
    title: {
      en: 'A number or address that is not rung',
      fr: 'Un numéro ou une adresse qui n’est pas appelé',
    },
    detail: {
      en: 'Nothing was changed: one of the numbers does not exist, or it or the SIP address lies where we do not ring; "errors" says which and why. Use an ordinary landline or mobile number, or ask the operator to allow the destination or domain.',
      fr: 'Rien n’a été modifié : un des numéros n’existe pas, ou lui ou l’adresse SIP se trouve là où nous n’appelons pas ; « errors » dit lequel et pourquoi. Prenez un numéro fixe ou mobile ordinaire, ou demandez à l’exploitant d’autoriser la destination ou le domaine.',
    },
  },
  'line-not-yours': {
    title: { en: 'A line you do not have', fr: 'Une ligne que vous n’avez pas' },
    detail: {
      en: 'Nothing was changed: one of the lines is none of yours, or rings nobody; "errors" says which. GET /v1/lines lists them.',
      fr: 'Rien n’a été modifié : une des lignes n’est pas à vous, ou n’appelle personne ; « errors » dit laquelle. GET /v1/lines les donne.',
    },
  },
  'photo-refused': {
    title: { en: 'Not a photo we can show', fr: 'Ce n’est pas une photo que nous pouvons montrer' },
    detail: {
      en: 'The file is not what its Content-Type says, is damaged, or has more than 4096 pixels a side. Send a whole PNG, JPEG or WebP image.',
      fr: 'Le fichier n’est pas ce que dit son Content-Type, il est abîmé, ou il dépasse 4096 pixels de côté. Envoyez une image PNG, JPEG ou WebP entière.',
    },
  },
  'photo-too-large': {
    title: { en: 'The photo is too large', fr: 'La photo est trop lourde' },
    detail: {
      en: 'A photo may have 512 kB at most. Make it smaller, 512 pixels a side are plenty, and send it again.',
      fr: 'Une photo ne dépasse pas 512 ko. Réduisez-la, 512 pixels de côté suffisent largement, puis renvoyez-la.',
    },
  },
  'recording-refused': {
    title: {
      en: 'Not a recording we can keep',
      fr: 'Ce n’est pas un enregistrement que nous pouvons garder',
    },
    detail: {
      en: 'Send sound of 0.3 to 60 seconds, with its own Content-Type: a WAV is always understood.',
      fr: 'Envoyez un son de 0,3 à 60 secondes, avec son propre Content-Type : un WAV est toujours compris.',
    },
  },
  'recording-too-large': {
    title: { en: 'The recording is too large', fr: 'L’enregistrement est trop lourd' },
    detail: {
      en: 'A recording may have 5 MB and 60 seconds at most. Send it mono at 16 kHz, or as MP3 or Ogg.',
      fr: 'Un enregistrement ne dépasse pas 5 Mo et 60 secondes. Envoyez-le en mono à 16 kHz, ou en MP3 ou Ogg.',
    },
  },
  'database-away': {
    title: { en: 'Not available for a moment', fr: 'Indisponible pour un moment' },
    detail: {
      en: 'Nothing can be written down at the moment, so nothing was done. Repeat the request in a few seconds, with the same Idempotency-Key.',
      fr: 'Rien ne peut être enregistré pour l’instant, donc rien n’a été fait. Répétez la demande dans quelques secondes, avec la même Idempotency-Key.',
    },
  },
  'operator-api-off': {
    title: { en: 'The operator API is off', fr: 'L’API d’exploitation est désactivée' },
    detail: {
      en: 'This gateway was started without OPERATOR_KEY. Set it and start again, or use npm run cli on its machine.',
      fr: 'Cette passerelle a été démarrée sans OPERATOR_KEY. Définissez-la et redémarrez, ou utilisez npm run cli sur sa machine.',
    },
  },
  'repair-refused': {
    title: { en: 'This cannot be repaired so', fr: 'Cela ne peut être réparé ainsi' },
    detail: {
      en: 'What was asked for is not possible as things stand. Read what is so, mend that first, then ask again.',
      fr: 'Ce qui est demandé n’est pas possible en l’état. Lisez ce qu’il en est, réparez-le d’abord, puis redemandez.',
    },
  },
  unexpected: {
    title: { en: 'Something went wrong here', fr: 'Une erreur s’est produite chez nous' },
    detail: {
      en: 'The mistake is ours and was noted. Repeat the request with the same Idempotency-Key in a minute; if it comes again, tell us the "instance".',
      fr: 'L’erreur est de notre côté et a été notée. Répétez la demande avec la même Idempotency-Key dans une minute ; si elle revient, communiquez-nous « instance ».',
    },
  },
  'line-unknown': {
    title: { en: 'Unknown line', fr: 'Ligne inconnue' },
    detail: {
      en: 'You have no line of this name. GET /v1/lines lists your lines.',
      fr: 'Vous n’avez pas de ligne de ce nom. GET /v1/lines donne vos lignes.',
    },
  },
  'merchant-off': {
    title: { en: 'The account is switched off', fr: 'Le compte est désactivé' },
    detail: {
      en: 'This account takes no orders at the moment. Nothing was charged. Contact us to have it switched on.',
      fr: 'Ce compte ne prend pas de commande pour l’instant. Rien n’a été débité. Contactez-nous pour l’activer.',
    },
  },
  'line-off': {
    title: { en: 'The line is switched off', fr: 'La ligne est désactivée' },
    detail: {
      en: 'This line takes no orders at the moment. Nothing was charged. Switch it on, or choose another line.',
      fr: 'Cette ligne ne prend pas de commande pour l’instant. Rien n’a été débité. Activez-la ou choisissez une autre ligne.',
    },
  },
  'nobody-free': {
    title: { en: 'Nobody is free', fr: 'Personne n’est disponible' },
    detail: {
      en: 'No consultant of this line is free at the moment. Nothing was charged. Try again later; GET /v1/lines says who is free.',
      fr: 'Aucun consultant de cette ligne n’est libre pour l’instant. Rien n’a été débité. Réessayez plus tard ; GET /v1/lines dit qui est libre.',
    },
  },
  'consultant-busy': {
    title: { en: 'The consultant is not free', fr: 'Le consultant n’est pas libre' },
    detail: {
      en: 'This consultant is busy or away. Nothing was charged. Try again later, choose another one, or leave "consultant" out.',
      fr: 'Ce consultant est occupé ou absent. Rien n’a été débité. Réessayez plus tard, choisissez-en un autre ou omettez « consultant ».',
    },
  },
  'consultant-unknown': {
    title: { en: 'Unknown consultant', fr: 'Consultant inconnu' },
    detail: {
      en: 'No consultant of this line has this id. GET /v1/lines lists them.',
      fr: 'Aucun consultant de cette ligne ne porte cet identifiant. GET /v1/lines les donne.',
    },
  },
  'number-invalid': {
    title: { en: 'Not a phone number', fr: 'Pas un numéro de téléphone' },
    detail: {
      en: 'The caller’s number is not a number that can be rung. Send it with its country code, such as +33612345678.',
      fr: 'Le numéro de l’appelant ne peut pas être appelé. Envoyez-le avec l’indicatif du pays, par exemple +33612345678.',
    },
  },
  'number-refused': {
    title: { en: 'This number is not called', fr: 'Ce numéro n’est pas appelé' },
    detail: {
      en: 'Numbers of this kind are not called. Nothing was charged. Use an ordinary landline or mobile number.',
      fr: 'Les numéros de ce type ne sont pas appelés. Rien n’a été débité. Utilisez un numéro fixe ou mobile ordinaire.',
    },
  },
  'number-is-consultant': {
    title: { en: 'This is a consultant’s own number', fr: 'C’est le numéro d’un consultant' },
    detail: {
      en: 'The caller’s number is the consultant’s own, so nobody could be joined. Nothing was charged. Use another number.',
      fr: 'Le numéro de l’appelant est celui du consultant : personne ne pourrait être mis en relation. Rien n’a été débité. Utilisez un autre numéro.',
    },
  },
  'duration-not-offered': {
    title: { en: 'This duration is not offered', fr: 'Cette durée n’est pas proposée' },
    detail: {
      en: 'The line does not sell this many minutes. GET /v1/lines lists the durations; leave "minutes" out for the first of them.',
      fr: 'La ligne ne vend pas cette durée. GET /v1/lines donne les durées ; omettez « minutes » pour la première.',
    },
  },
  'nothing-captured': {
    title: { en: 'Nothing was debited', fr: 'Rien n’a été débité' },
    detail: {
      en: 'For this order nothing was debited, or not yet, so nothing can be given back. To let go of what is held, end the call.',
      fr: 'Rien n’a été débité pour cette commande, ou pas encore : il n’y a rien à rembourser. Pour libérer la somme réservée, mettez fin à l’appel.',
    },
  },
  'talk-not-over': {
    title: { en: 'They are still talking', fr: 'La conversation est en cours' },
    detail: {
      en: 'What was debited for this order was taken when they were joined, and they talk still. It can be given back when the talk is over: end the call, or wait for call.ended, then ask again.',
      fr: 'Le montant de cette commande a été débité à la mise en relation, et la conversation est en cours. Il peut être remboursé une fois la conversation terminée : mettez fin à l’appel ou attendez call.ended, puis redemandez.',
    },
  },
  'refund-too-much': {
    title: { en: 'More than is left to give back', fr: 'Plus que ce qui reste à rembourser' },
    detail: {
      en: 'What was debited and not given back yet is less than that: the member "left" says how much. Ask for at most that, or leave "amount" out for all of it.',
      fr: 'Ce qui a été débité et pas encore remboursé est moins élevé : « left » en donne le montant. Demandez au plus ce montant, ou omettez « amount » pour le tout.',
    },
  },
  'top-up-spent': {
    title: { en: 'More than is left of the balance', fr: 'Plus que ce qui reste du solde' },
    detail: {
      en: 'This order paid credit into a client’s account, and what is asked back was talked since or is kept for a call under way: the member "left" says how much can be given back. Ask for at most that, or again when his calls are over.',
      fr: 'Cette commande a crédité le compte d’un client, et la somme demandée a été utilisée depuis ou est gardée pour un appel en cours : « left » indique combien peut être rendu. Demandez au plus ce montant, ou redemandez après ses appels.',
    },
  },
  'client-taken': {
    title: { en: 'Another client has it', fr: 'Un autre client l’a déjà' },
    detail: {
      en: 'The code, or one of the numbers, belongs to another of your clients. Choose another, or take it away from that client first.',
      fr: 'Le code, ou l’un des numéros, appartient à un autre de vos clients. Choisissez-en un autre, ou retirez-le d’abord à ce client.',
    },
  },
  'balance-too-low': {
    title: { en: 'More than the balance has', fr: 'Plus que ce qu’a le solde' },
    detail: {
      en: 'No balance goes below what its calls under way may still cost: the member "spendable" says what can be taken.',
      fr: 'Aucun solde ne descend sous ce que ses appels en cours peuvent encore coûter : « spendable » indique ce qui peut être pris.',
    },
  },
  'account-currency': {
    title: { en: 'Not an amount of this account', fr: 'Ce n’est pas un montant de ce compte' },
    detail: {
      en: 'Give amounts and tariffs in the currency of the account, with its decimals, and a payment above zero: "12.50" and "EUR", "1500" and "JPY".',
      fr: 'Donnez montants et tarifs dans la devise du compte, avec ses décimales, et un versement supérieur à zéro : « 12.50 » et « EUR », « 1500 » et « JPY ».',
    },
  },
  'amount-too-large': {
    title: { en: 'More than an account holds', fr: 'Plus qu’un compte ne contient' },
    detail: {
      en: 'An account holds at most 999999999 of its currency. Nothing was moved.',
      fr: 'Un compte contient au plus 999999999 de sa devise. Rien n’a été mouvementé.',
    },
  },
  'other-currency': {
    title: { en: 'Not an amount of this order', fr: 'Ce n’est pas un montant de cette commande' },
    detail: {
      en: 'Give the amount above zero, in the currency of the order and with its decimals: "12.50" and "EUR", "1500" and "JPY".',
      fr: 'Donnez un montant supérieur à zéro, dans la devise de la commande et avec ses décimales : « 12.50 » et « EUR », « 1500 » et « JPY ».',
    },
  },
  'refund-refused': {
    title: { en: 'The refund was refused', fr: 'Le remboursement a été refusé' },
    detail: {
      en: 'The card processor refused to give it back; the member "refund" says why in "failure". Nothing was given back. Once that is mended, ask again with a new Idempotency-Key.',
      fr: 'Le prestataire de paiement a refusé de rembourser ; « refund » en donne la raison dans « failure ». Rien n’a été remboursé. Une fois la cause levée, redemandez avec une nouvelle Idempotency-Key.',
    },
  },
  'legs-cost-more': {
    title: { en: 'The call would cost more than its price', fr: 'L’appel coûterait plus que son prix' },
    detail: {
      en: 'Ringing this number costs more than the line’s price covers. Nothing was charged. Use a number in a country the line is meant for.',
      fr: 'Appeler ce numéro coûte plus que le prix de la ligne ne couvre. Rien n’a été débité. Utilisez un numéro d’un pays prévu pour cette ligne.',
    },
  },
  'price-changed': {
    title: { en: 'The price has changed', fr: 'Le prix a changé' },
    detail: {
      en: 'Another price holds since it was shown. Nothing was charged. Show the new price and ask again.',
      fr: 'Un autre prix s’applique depuis l’affichage. Rien n’a été débité. Affichez le nouveau prix et redemandez.',
    },
  },
  'return-not-listed': {
    title: { en: 'The return address is not listed', fr: 'L’adresse de retour n’est pas autorisée' },
    detail: {
      en: 'The return address is not on an origin you have listed. Add its origin to your page origins, or use another address.',
      fr: 'L’adresse de retour n’est pas sur une origine que vous avez autorisée. Ajoutez son origine, ou utilisez une autre adresse.',
    },
  },
  'switch-away': {
    title: { en: 'Calls cannot be made for a moment', fr: 'Appels impossibles pour un moment' },
    detail: {
      en: 'No call can be made at the moment, so no order was taken and nothing was charged. Try again in a few seconds.',
      fr: 'Aucun appel n’est possible pour l’instant : la commande n’a pas été prise et rien n’a été débité. Réessayez dans quelques secondes.',
    },
  },
  'processor-away': {
    title: {
      en: 'Cards cannot be charged for a moment',
      fr: 'Paiement par carte indisponible pour un moment',
    },
    detail: {
      en: 'The card processor does not answer, so no order was taken and nothing was charged. Try again in a few seconds.',
      fr: 'Le prestataire de paiement ne répond pas : la commande n’a pas été prise et rien n’a été débité. Réessayez dans quelques secondes.',
    },
  },
  'processor-refused': {
    title: { en: 'The payment cannot be made this way', fr: 'Le paiement ne peut pas se faire ainsi' },
    detail: {
      en: 'The card processor did not accept this payment method. Nothing was charged. Check that "paymentMethod" exists in the account of this line and was not used up.',
      fr: 'Le prestataire de paiement n’a pas accepté ce moyen de paiement. Rien n’a été débité. Vérifiez que « paymentMethod » existe dans le compte de cette ligne et n’a pas déjà servi.',
    },
  },
  declined: {
    title: { en: 'The card was declined', fr: 'La carte a été refusée' },
    detail: {
      en: 'The bank declined this card. Nothing was charged and nobody was rung. Use another card.',
      fr: 'La banque a refusé cette carte. Rien n’a été débité et personne n’a été appelé. Utilisez une autre carte.',
    },
  },
  'number-too-often': {
    title: { en: 'This number was called too often', fr: 'Ce numéro a été appelé trop souvent' },
    detail: {
      en: 'Too many calls were ordered to this number, here or elsewhere. Nothing was charged. Repeat the request after "Retry-After" seconds.',
      fr: 'Trop d’appels ont été commandés vers ce numéro, ici ou ailleurs. Rien n’a été débité. Répétez la demande après « Retry-After » secondes.',
    },
  },
  'card-too-often': {
    title: { en: 'This card was used too often', fr: 'Cette carte a servi trop souvent' },
    detail: {
      en: 'This card has paid for too many calls in a short time: the amount is released and nobody was rung. Use another card, or wait until tomorrow.',
      fr: 'Cette carte a payé trop d’appels en peu de temps : le montant est libéré et personne n’a été appelé. Utilisez une autre carte ou attendez demain.',
    },
  },
  'cards-tried-too-often': {
    title: { en: 'Cards were tried too often', fr: 'Trop d’essais de carte' },
    detail: {
      en: 'Cards were tried too often on this order or from this connection. Nothing was charged. Repeat the request after "Retry-After" seconds.',
      fr: 'Trop d’essais de carte sur cette commande ou depuis cette connexion. Rien n’a été débité. Répétez la demande après « Retry-After » secondes.',
    },
  },
  'address-too-often': {
    title: { en: 'Too many orders from one address', fr: 'Trop de commandes depuis une même adresse' },
    detail: {
      en: 'Too many orders came from the caller’s IP address. Nothing was charged. Repeat the request after "Retry-After" seconds.',
      fr: 'Trop de commandes sont venues de l’adresse IP de l’appelant. Rien n’a été débité. Répétez la demande après « Retry-After » secondes.',
    },
  },
  'address-unpaid': {
    title: {
      en: 'An order of this address waits for its card',
      fr: 'Une commande de cette adresse attend sa carte',
    },
    detail: {
      en: 'Another order from the caller’s IP address keeps a consultant and has no card yet. Nothing was charged. Finish or cancel that one, or repeat the request after "Retry-After" seconds.',
      fr: 'Une autre commande depuis l’adresse IP de l’appelant retient un consultant et n’a pas encore de carte. Rien n’a été débité. Terminez-la ou annulez-la, ou répétez la demande après « Retry-After » secondes.',
    },
  },
  'merchant-too-often': {
    title: { en: 'Too many orders this hour', fr: 'Trop de commandes cette heure-ci' },
    detail: {
      en: 'This account has ordered as often as it may within an hour. Nothing was charged. Repeat the request after "Retry-After" seconds, or ask us for a higher limit.',
      fr: 'Ce compte a commandé autant qu’il le peut en une heure. Rien n’a été débité. Répétez la demande après « Retry-After » secondes, ou demandez-nous une limite plus haute.',
    },
  },
  'merchant-busy': {
    title: { en: 'Too many calls at once', fr: 'Trop d’appels à la fois' },
    detail: {
      en: 'This account has as many calls under way as it may have. Nothing was charged. Repeat the request when one has ended, or ask us for a higher limit.',
      fr: 'Ce compte a autant d’appels en cours qu’il peut en avoir. Rien n’a été débité. Répétez la demande quand l’un d’eux sera terminé, ou demandez-nous une limite plus haute.',
    },
  },
  'number-never-again': {
    title: { en: 'This number asked not to be called', fr: 'Ce numéro a demandé à ne plus être appelé' },
    detail: {
      en: 'Whoever answers this number asked never to be called again, by any seller. Nothing was charged. Use another number; the number’s owner may have us lift it.',
      fr: 'La personne qui répond à ce numéro a demandé à ne plus jamais être appelée, par aucun vendeur. Rien n’a été débité. Utilisez un autre numéro ; son titulaire peut nous demander de lever ce refus.',
    },
  },
  'calls-stopped': {
    title: { en: 'Calls are stopped', fr: 'Les appels sont arrêtés' },
    detail: {
      en: 'The operator has stopped calls for now. No order was taken and nothing was charged; talks under way go on. Try again later, or ask us why.',
      fr: 'L’opérateur a arrêté les appels pour l’instant. La commande n’a pas été prise et rien n’a été débité ; les conversations en cours se poursuivent. Réessayez plus tard ou demandez-nous pourquoi.',
    },
  },
  'client-unknown': {
    title: { en: 'No account to top up', fr: 'Aucun compte à créditer' },
    detail: {
      en: 'With this client code no account can be topped up here. Nothing was charged.',
      fr: 'Aucun compte ne peut être crédité ici avec ce code client. Rien n’a été débité.',
    },
  },
  'amount-not-offered': {
    title: { en: 'This amount is not offered', fr: 'Ce montant n’est pas proposé' },
    detail: {
      en: 'The line offers other amounts. Choose one of those. Nothing was charged.',
      fr: 'La ligne propose d’autres montants. Choisissez l’un d’eux. Rien n’a été débité.',
    },
  },
};

/** A card refused, reason by reason. What a thief could learn from is said no more exactly than the bank allows. */
const declines: Record<DeclineReason, Both> = {
  declined: problemTexts.declined.detail,
  insufficient_funds: {
    en: 'There is not enough money on this card. Nothing was charged. Use another card, or choose fewer minutes.',
    fr: 'Le solde de cette carte ne suffit pas. Rien n’a été débité. Utilisez une autre carte ou choisissez moins de minutes.',
  },
  expired_card: {
    en: 'This card has expired. Nothing was charged. Check the expiry date, or use another card.',
    fr: 'Cette carte a expiré. Rien n’a été débité. Vérifiez la date d’expiration ou utilisez une autre carte.',
  },
  wrong_security_code: {
    en: 'The security code is not right. Nothing was charged. Enter the three or four digits again.',
    fr: 'Le cryptogramme n’est pas le bon. Rien n’a été débité. Saisissez de nouveau les trois ou quatre chiffres.',
  },
  wrong_number: {
    en: 'The card number is not right. Nothing was charged. Check it, and enter it again.',
    fr: 'Le numéro de carte n’est pas le bon. Rien n’a été débité. Vérifiez-le et saisissez-le de nouveau.',
  },
  // Stripe asks to show these as an ordinary decline: who holds a stolen card need not be told that it is known.
  lost_or_stolen: problemTexts.declined.detail,
  suspected_fraud: problemTexts.declined.detail,
  moto_not_allowed: problemTexts.declined.detail,
  authentication_failed: {
    en: 'Your bank could not confirm that it is you. Nothing was charged. Try again, or use another card.',
    fr: 'Votre banque n’a pas pu confirmer votre identité. Rien n’a été débité. Réessayez ou utilisez une autre carte.',
  },
  processing_error: {
    en: 'The card could not be processed. Nothing was charged. Try again in a moment, or use another card.',
    fr: 'La carte n’a pas pu être traitée. Rien n’a été débité. Réessayez dans un instant ou utilisez une autre carte.',
  },
  card_not_supported: {
    en: 'This card does not allow this kind of payment. Nothing was charged. Use another card.',
    fr: 'Cette carte ne permet pas ce type de paiement. Rien n’a été débité. Utilisez une autre carte.',
  },
  too_many_attempts: {
    en: 'This card was tried too often. Nothing was charged. Wait until tomorrow, or use another card.',
    fr: 'Trop d’essais avec cette carte. Rien n’a été débité. Attendez demain ou utilisez une autre carte.',
  },
};

export const declineSentences: Partial<Record<string, Both>> = declines;

/** The processor was asked and has not answered yet: the one refusal that may still become a call. */
export const stillUnknownSentence: Both = {
  en: 'The card processor has not answered yet. The order stays open and goes on by itself when it does: follow it with GET /v1/call-sessions/{id} or by notices, or repeat the request with the same Idempotency-Key. Do not order anew before you know.',
  fr: 'Le prestataire de paiement n’a pas encore répondu. La commande reste ouverte et se poursuit d’elle-même dès sa réponse : suivez-la par GET /v1/call-sessions/{id} ou par les avis, ou répétez la demande avec la même Idempotency-Key. Ne recommandez pas avant de savoir.',
};

/** A line that is on, and cannot sell as it is set up. */
export const lineOffSentences: Partial<Record<string, Both>> = {
  no_verified_number: {
    en: 'This line has no verified number to show to those it rings. Nothing was charged. Have a number verified, then try again.',
    fr: 'Cette ligne n’a pas de numéro vérifié à présenter aux personnes appelées. Rien n’a été débité. Faites vérifier un numéro, puis réessayez.',
  },
  price_below_minimum: {
    en: 'The price of this line is below what a card can be charged. Nothing was charged. Raise the price.',
    fr: 'Le prix de cette ligne est inférieur au minimum d’un paiement par carte. Rien n’a été débité. Augmentez le prix.',
  },
  consultant_number: {
    en: 'A consultant of this line has a number that is not called. Nothing was charged. Correct the consultant’s number.',
    fr: 'Un consultant de cette ligne a un numéro qui n’est pas appelé. Rien n’a été débité. Corrigez le numéro du consultant.',
  },
};

/** By the reason core/dialling gives for a number it does not take. */
export const numberSentences: Partial<Record<string, Both>> = {
  empty: {
    en: 'No phone number was given. Send the caller’s number with its country code, such as +33612345678.',
    fr: 'Aucun numéro n’a été donné. Envoyez le numéro de l’appelant avec l’indicatif du pays, par exemple +33612345678.',
  },
  too_short: {
    en: 'The phone number is too short. Check its digits; with its country code it looks like +33612345678.',
    fr: 'Le numéro est trop court. Vérifiez ses chiffres ; avec l’indicatif du pays il ressemble à +33612345678.',
  },
  too_long: {
    en: 'The phone number is too long. Check its digits; with its country code it looks like +33612345678.',
    fr: 'Le numéro est trop long. Vérifiez ses chiffres ; avec l’indicatif du pays il ressemble à +33612345678.',
  },
  short_number: {
    en: 'This is a short number, such as those of emergency and directory services. Use an ordinary landline or mobile number.',
    fr: 'C’est un numéro court, comme ceux des urgences ou des renseignements. Utilisez un numéro fixe ou mobile ordinaire.',
  },
  premium: {
    en: 'This is a premium-rate number: it is not called. Nothing was charged. Use an ordinary landline or mobile number.',
    fr: 'C’est un numéro surtaxé : il n’est pas appelé. Rien n’a été débité. Utilisez un numéro fixe ou mobile ordinaire.',
  },
  satellite: {
    en: 'This is a satellite number: it is not called. Nothing was charged. Use an ordinary landline or mobile number.',
    fr: 'C’est un numéro satellitaire : il n’est pas appelé. Rien n’a été débité. Utilisez un numéro fixe ou mobile ordinaire.',
  },
  short: {
    en: 'This is a short number: it is not called. Nothing was charged. Use an ordinary landline or mobile number.',
    fr: 'C’est un numéro court : il n’est pas appelé. Rien n’a été débité. Utilisez un numéro fixe ou mobile ordinaire.',
  },
  not_listed: {
    en: 'Numbers of this country are not called yet. Nothing was charged. Use a number of another country.',
    fr: 'Les numéros de ce pays ne sont pas encore appelés. Rien n’a été débité. Utilisez un numéro d’un autre pays.',
  },
  not_allowed: {
    en: 'Numbers of this country or network are not called. Nothing was charged. Use another number.',
    fr: 'Les numéros de ce pays ou de ce réseau ne sont pas appelés. Rien n’a été débité. Utilisez un autre numéro.',
  },
};
