// Every sentence the page shows, in French. Here: words only. `{name}` is filled in by texts.ts, which also sets the
// spaces French wants before high punctuation. The English twin has the same keys; types and a test hold them together.

import { buttonTexts } from './texts-button.ts';

export const fr = {
  ...buttonTexts.fr,

  // --- On every page ---------------------------------------------------------------------------------------------
  'page.skip': 'Aller au contenu',
  'page.otherLanguage': 'English',
  'page.sandbox': 'Bac à sable : ni argent réel, ni appel réel.',
  'page.sandboxCard': 'Carte d’essai : 4242 4242 4242 4242, une date à venir, un code au choix.',
  'page.sandboxName': 'Bac à sable',
  'page.noScript': 'Cette page a besoin de JavaScript pour protéger votre carte. Activez-le, puis rechargez.',
  'page.seller': 'Vendeur',
  'page.question': 'Une question ?',
  'page.cardSafety':
    'Paiement par Stripe. Votre numéro de carte va directement chez Stripe : ni {merchant} ni nous ne le voyons.',

  // --- Price -----------------------------------------------------------------------------------------------------
  'price.fixedIncluded': 'pour {duration} de conversation',
  'price.fixedOnly': 'prix de l’appel',
  'price.product': 'prix total',
  'price.credit': 'de crédit pour vos appels',
  'price.perMinute': 'par minute',
  'price.free': 'Gratuit',
  'price.freeWhat': 'cet appel ne coûte rien',
  'price.then': 'puis {price} par minute',
  'price.thenNothing': 'puis plus rien à payer',
  'price.fromMinute': 'à partir de {duration} : {price} par minute',
  'price.fromMinuteNothing': 'à partir de {duration} : plus rien à payer',
  'price.byMinute': 'toute minute commencée est due',
  'price.bySecond': 'compté à la seconde',
  'price.bySteps': 'compté par tranches de {next}',
  'price.byFirstThenSecond': '{first} au moins, puis compté à la seconde',
  'price.byFirstThenSteps': '{first} au moins, puis par tranches de {next}',
  'price.freeSeconds': 'rien à payer si l’appel dure {duration} ou moins',
  'price.minimum': 'au moins {price} par appel',
  'price.maximum': 'jamais plus de {price} par appel',
  'price.taxes': 'Taxes comprises (TVA {rate})',
  'price.noTax': 'Sans TVA',

  // --- Choosing --------------------------------------------------------------------------------------------------
  'choose.documentTitle': '{line} – {merchant}',
  'choose.who': 'Avec qui ?',
  'choose.anybody': 'La première personne libre',
  'choose.anybodyHelp': 'Vous serez mis en relation le plus vite.',
  'choose.backAt': 'De retour à {time}',
  'choose.backOn': 'De retour {day} à {time}',
  'choose.backLater': 'De retour le {day}',
  'choose.status.free': 'Libre',
  'choose.status.busy': 'En ligne',
  'choose.status.break': 'En pause',
  'choose.status.away': 'Absent',
  'choose.howLong': 'Combien de temps au plus ?',
  'choose.howLongHelp': 'Vous ne payez que le temps parlé. L’appel s’arrête de lui-même à cette durée.',
  'choose.howLongHelp.onePrice':
    'Le prix est le même, quelle que soit la durée. L’appel s’arrête de lui-même au temps choisi.',
  'choose.atMost': 'au plus {price}',
  'choose.phone': 'Sur quel téléphone vous appeler ?',
  'choose.country': 'Pays',
  'choose.number': 'Numéro de téléphone',
  'choose.phoneHelp':
    'Nous vous appelons dès que la personne est prête. Recevoir l’appel ne vous coûte rien.',
  'choose.phoneGood': 'Nous appellerons le {number}',
  'choose.continue': 'Continuer vers le paiement',
  'choose.continueHelp': 'Étape 1 sur 2. Rien n’est encore réservé sur votre carte.',
  'choose.working': 'Un instant…',
  'choose.fixedByLink': 'Choisi pour vous par {merchant}',
  'choose.switchAway':
    'Nous ne pouvons pas passer d’appel pour l’instant. Laissez cette page ouverte : elle vous dira quand ce sera de nouveau possible. Rien n’a été débité.',
  'choose.offline': 'Connexion perdue. Votre saisie reste ; la page se met à jour dès son retour.',
  'choose.slow': 'Le paiement par carte tarde à répondre. Patientez : rien n’est encore réservé ni débité.',
  'choose.stopWaiting': 'Ne plus attendre',
  'choose.stopped': 'Vous avez cessé d’attendre. Rien n’a été débité et personne n’est retenu pour vous.',

  // --- What is held ----------------------------------------------------------------------------------------------
  'topUp.documentTitle': 'Créditer votre compte – {merchant}',
  'topUp.title': 'Créditer votre compte',
  'topUp.explain':
    'Du crédit pour vos appels à {line}. Il est disponible dès que votre paiement est accepté.',
  'topUp.code': 'Votre code client',
  'topUp.codeHelp': 'Les chiffres que vous tapez quand vous appelez.',
  'topUp.codeWrong':
    'Donnez votre code client : des chiffres seulement, comme vous les tapez quand vous appelez.',
  'topUp.amount': 'Combien ?',
  'topUp.account': 'Code client',
  'hold.title': 'Votre demande',
  'hold.order': 'Votre commande',
  'hold.with': 'Avec',
  'hold.line': 'Service',
  'hold.longest': 'Durée au plus',
  'hold.callerNumber': 'Votre téléphone',
  'hold.amount': 'Réservé, non débité',
  'hold.amountHelp':
    'C’est le prix de {duration}. Seul le temps parlé sera débité, le reste est libéré dès la fin de l’appel.',
  'hold.amountHelp.onePrice':
    'C’est le prix de l’appel, quelle que soit sa durée. Il est débité quand l’appel est terminé.',
  'hold.amount.atConnection': 'Réservé, débité dès la mise en relation',
  'hold.amountHelp.atConnection':
    'C’est le prix de l’appel, quelle que soit sa durée. Il est débité en entier dès que vous êtes en ligne tous les deux, même si l’appel est court.',
  'hold.amount.taken': 'Débité',
  'hold.amountHelp.taken': 'C’est le prix de l’appel, quelle que soit sa durée. Rien de plus ne sera débité.',
  'hold.amountFixed': 'À payer',
  'hold.nobody': 'Rien n’est débité si personne ne répond.',
  'hold.consent': 'L’appel ne commence, et le prix avec lui, que si vous appuyez sur 1.',
  'more.agreed':
    'Vers la fin, vous pourrez demander {duration} de plus, jusqu’à {times} fois. Chaque fois, {amount} de plus au maximum sont réservés sur la même carte, conservée pour cela jusqu’à la fin de l’appel. Rien de plus n’est réservé sans votre demande.',
  'more.agreedOnce':
    'Vers la fin, vous pourrez demander une fois {duration} de plus. {amount} de plus au maximum sont alors réservés sur la même carte, conservée pour cela jusqu’à la fin de l’appel. Rien de plus n’est réservé sans votre demande.',
  'more.offered':
    'Continuer la conversation ? {amount} de plus au maximum seront réservés sur votre carte ; vous ne payez que le temps parlé.',
  'more.button': '{duration} de plus',
  'more.working': 'Nous demandons à votre banque…',
  'more.asked':
    'Nous demandons {amount} de plus à votre banque. Continuez à parler : rien n’est coupé pendant ce temps.',
  'more.granted': 'Vous avez plus de temps : l’appel se termine maintenant à {time} au plus tard.',
  'more.refused':
    'Votre banque n’a pas accepté. Rien de plus n’est réservé ; l’appel se termine à {time} comme prévu.',
  'more.notOffered':
    'Il n’est pas possible de demander plus de temps maintenant. Rien de plus n’est réservé.',

  // --- Nobody free, closed, bad links ----------------------------------------------------------------------------
  'nobody.title': 'Personne n’est libre en ce moment',
  'nobody.help':
    'Aucune carte n’est demandée. Laissez cette page ouverte : elle vous prévient dès que quelqu’un se libère.',
  'nobody.ring': 'Sonner quand quelqu’un se libère',
  'nobody.ringing': 'Cette page sonnera',
  'nobody.mailTitle': 'Ou recevez un e-mail',
  'nobody.mail': 'Votre e-mail',
  'nobody.mailSend': 'Me prévenir',
  'nobody.mailDone': 'C’est noté : nous vous écrirons une fois, à {email}.',
  'nobody.mailHelp': 'Un seul message, puis votre adresse n’est plus utilisée.',
  'nobody.mailWrong': 'Cette adresse e-mail n’est pas complète.',
  'nobody.freeNow': '{name} est libre : vous pouvez appeler maintenant.',
  'nobody.freeNowTitle': '● Libre : {line}',
  'nobody.gone': 'Plus personne n’est libre pour le moment.',
  'closed.title': 'Ce service est fermé pour le moment',
  'closed.text': 'Il n’est pas possible d’appeler ni de payer. Rien n’a été débité.',
  'closed.next': 'Écrivez à {email} pour savoir quand il rouvre.',
  'unknownLine.title': 'Cette page n’existe pas',
  'unknownLine.text':
    'Vérifiez l’adresse, ou demandez un nouveau lien à la personne qui vous l’a donnée. Rien n’a été débité.',
  'unknownAccess.title': 'Cette page n’existe pas',
  'unknownAccess.text': 'Vérifiez l’adresse, ou demandez un nouveau lien à qui vous l’a donnée.',
  'unknownOrder.title': 'Nous ne trouvons pas cette commande',
  'unknownOrder.text': 'Ouvrez le lien complet, tel que vous l’avez reçu. Cette page n’a rien débité.',
  'badLink.title': 'Ce lien n’est pas valable',
  'badLink.text':
    'Il a été modifié ou il est incomplet. Demandez un nouveau lien à {merchant}. Rien n’a été débité.',
  'badReturn.text':
    'Il renvoie vers un site que {merchant} n’a pas déclaré. Demandez un nouveau lien. Rien n’a été débité.',
  'trouble.title': 'Nous avons un problème de notre côté',
  'trouble.text':
    'Rechargez cette page dans un instant : elle montre toujours l’état exact de votre commande et de votre argent.',
  'away.title': 'Indisponible pour un moment',
  'away.text':
    'Cette page revient d’elle-même dans quelques secondes. Rien n’a été débité ; un appel en cours se poursuit.',

  // --- Why an order is refused -----------------------------------------------------------------------------------
  'refused.line_unknown': 'Ce service n’existe plus. Rien n’a été débité.',
  'refused.merchant_off': 'Ce service est fermé pour le moment. Rien n’a été débité.',
  'refused.line_off': 'Ce service est fermé pour le moment. Rien n’a été débité.',
  'refused.nobody_free': 'Plus personne n’est libre à l’instant. Rien n’a été débité.',
  'refused.consultant_busy':
    'Cette personne vient d’être prise par un autre appel. Choisissez-en une autre. Rien n’a été débité.',
  'refused.consultant_unknown': 'Cette personne ne répond plus sur ce service. Choisissez-en une autre.',
  'refused.number_invalid': 'Ce numéro de téléphone n’est pas valable. Vérifiez le pays et les chiffres.',
  'refused.number_refused':
    'Nous ne pouvons pas appeler ce numéro. Donnez un numéro fixe ou mobile ordinaire.',
  'refused.number_premium':
    'C’est un numéro surtaxé : nous ne l’appelons pas. Donnez un numéro fixe ou mobile ordinaire.',
  'refused.number_short':
    'C’est un numéro court : nous ne pouvons pas l’appeler. Donnez un numéro fixe ou mobile ordinaire.',
  'refused.number_satellite':
    'C’est un numéro satellite : nous ne l’appelons pas. Donnez un numéro fixe ou mobile ordinaire.',
  'refused.number_not_listed':
    'Nous n’appelons pas encore cette destination. Donnez un numéro d’un autre pays si vous en avez un.',
  'refused.number_is_consultant': 'C’est le numéro de la personne que vous voulez appeler. Donnez le vôtre.',
  'refused.duration_not_offered': 'Cette durée n’est plus proposée. Choisissez-en une autre.',
  'refused.legs_cost_more':
    'Appeler ce numéro coûterait plus que le prix du service. Donnez un numéro d’un autre pays ou un fixe.',
  'refused.price_changed':
    'Le prix a changé depuis que vous avez ouvert cette page. Regardez le nouveau prix avant de continuer. Rien n’a été débité.',
  'refused.return_not_listed':
    'Ce lien renvoie vers un site que le vendeur n’a pas déclaré. Demandez-lui un nouveau lien.',
  'refused.switch_away':
    'Nous ne pouvons pas passer d’appels en ce moment. Réessayez dans quelques minutes. Rien n’a été débité.',
  'refused.processor_away':
    'Le paiement par carte ne répond pas en ce moment. Réessayez dans quelques minutes. Rien n’a été débité.',
  'refused.processor_refused':
    'Le paiement par carte a refusé cette commande. Écrivez au vendeur. Rien n’a été débité.',
  'refused.declined': 'Votre carte a été refusée. Rien n’a été débité.',
  'refused.number_too_often':
    'Ce numéro a été appelé trop souvent. Vous pourrez rappeler dans {time}. Rien n’a été débité.',
  'refused.card_too_often':
    'Cette carte a payé trop d’appels aujourd’hui. Utilisez une autre carte. Rien n’a été débité.',
  'refused.cards_tried_too_often':
    'Trop d’essais de carte. Vous pourrez réessayer dans {time}. Rien n’a été débité.',
  'refused.address_too_often':
    'Trop de commandes sont venues de votre connexion. Vous pourrez commander dans {time}. Rien n’a été débité.',
  'refused.address_unpaid':
    'Quelqu’un sur votre connexion est en train de payer une autre commande. Terminez-la ou annulez-la, ou réessayez dans {time}. Rien n’a été débité.',
  'refused.merchant_too_often':
    'Ce service reçoit trop d’appels pour l’instant. Réessayez dans {time}. Rien n’a été débité.',
  'refused.merchant_busy':
    'Toutes les lignes de ce service sont occupées. Réessayez dans {time}. Rien n’a été débité.',
  'refused.number_never_again':
    'La personne qui répond à ce numéro a demandé à ne plus jamais être appelée. Donnez un autre numéro. Rien n’a été débité.',
  'refused.calls_stopped':
    'Les appels sont arrêtés pour l’instant. Laissez cette page ouverte : elle vous dira quand ils seront de nouveau possibles. Rien n’a été débité.',
  'refused.client_unknown':
    'Aucun compte ne peut être crédité avec ce code client. Vérifiez les chiffres. Rien n’a été débité.',
  'refused.amount_not_offered': 'Ce montant n’est plus proposé. Choisissez-en un autre. Rien n’a été débité.',
  'refused.database_away':
    'Nous ne pouvons rien enregistrer pour un moment. Rien n’a été débité et votre saisie reste ici : réessayez dans quelques secondes.',
  'refused.showNewPrice': 'Voir le nouveau prix',
  'refused.network': 'La connexion a été coupée. Vérifiez votre réseau, puis réessayez.',
  'refused.badRequest': 'Il manque quelque chose dans ce formulaire. Rechargez la page, puis réessayez.',
  'phone.empty': 'Donnez votre numéro : c’est là que nous vous appelons.',
  'phone.too_short': 'Ce numéro est trop court.',
  'phone.too_long': 'Ce numéro est trop long.',
  'phone.not_a_number': 'Ce n’est pas un numéro de téléphone. Vérifiez le pays et les chiffres.',
  'phone.short_number': 'C’est un numéro court : nous ne pouvons pas l’appeler.',

  // --- Paying ----------------------------------------------------------------------------------------------------
  'pay.title': 'Votre carte',
  'pay.step': 'Étape 2 sur 2',
  'pay.reserved': '{name} vous attend encore {time}',
  'pay.reservedLapsed': 'Le temps réservé est passé. Nous vérifierons que {name} est encore libre.',
  'pay.reservedAnybody': 'Une personne vous est réservée encore {time}',
  'pay.reservedLapsedAnybody': 'Le temps réservé est passé. Nous vérifierons que quelqu’un est encore libre.',
  'pay.cardNumber': 'Numéro de carte',
  'pay.cardExpiry': 'Date d’expiration',
  'pay.cardCode': 'Code de sécurité',
  'pay.cardLoading': 'Les champs de carte se chargent…',
  'pay.cardUnavailable':
    'Les champs de carte n’ont pas pu se charger. Vérifiez votre réseau ou votre bloqueur, puis rechargez.',
  'pay.email': 'E-mail pour le reçu',
  'pay.optional': 'facultatif',
  'pay.emailWrong': 'Cette adresse e-mail n’est pas complète.',
  'pay.immediate':
    'Je demande que l’appel ait lieu tout de suite, sans attendre la fin du délai légal de rétractation de 14 jours.',
  'pay.withdrawal':
    'Je reconnais perdre mon droit de rétractation dès que l’appel aura été entièrement fourni.',
  'pay.immediateSale':
    'Je demande que le service me soit fourni tout de suite, sans attendre la fin du délai légal de rétractation de 14 jours.',
  'pay.withdrawalSale':
    'Je reconnais perdre mon droit de rétractation dès que le service m’aura été entièrement fourni.',
  'pay.immediateTopUp':
    'Je demande que mon crédit soit utilisable tout de suite, sans attendre la fin du délai légal de rétractation de 14 jours.',
  'pay.withdrawalTopUp':
    'Je reconnais perdre mon droit de rétractation pour la part que j’aurai utilisée en conversation.',
  'pay.mustAgree': 'Cochez cette case pour pouvoir commander.',
  'pay.button': 'Commander avec obligation de paiement',
  'pay.buttonHelp': '{amount} réservés sur votre carte, non débités. Puis les téléphones sonnent.',
  'pay.buttonHelp.atConnection':
    '{amount} réservés sur votre carte, débités en entier dès la mise en relation. Les téléphones sonnent aussitôt.',
  'pay.buttonHelpSale': '{amount} débités sur votre carte.',
  'pay.working': 'Votre banque vérifie…',
  'pay.slow':
    'Le service de paiement tarde à répondre. Patientez : rien n’est encore débité. Vous pouvez aussi annuler, sans frais.',
  'pay.cancel': 'Annuler, sans frais',
  'pay.tryAgain': 'Essayez une autre carte, ou la même. Rien n’a été débité.',
  'pay.tooLate':
    'Le temps réservé est passé et la personne n’est plus libre. Rien n’a été débité. Choisissez de nouveau.',
  'pay.changed': 'Votre commande a changé entre-temps. La page vient d’être mise à jour : relisez-la.',
  'pay.cardIncomplete': 'Complétez votre carte.',
  'action.title': 'Votre banque veut votre accord',
  'action.text': 'Votre banque demande de confirmer que c’est bien vous avant que {amount} soient réservés.',
  'action.button': 'Confirmer auprès de ma banque',
  'action.working': 'En attente de votre banque…',
  'action.failed': 'Votre banque n’a pas confirmé. Rien n’a été débité. Vous pouvez réessayer.',

  'declined.declined': 'Votre banque a refusé cette carte.',
  'declined.insufficient_funds': 'Il n’y a pas assez d’argent disponible sur cette carte.',
  'declined.expired_card': 'Cette carte est expirée.',
  'declined.wrong_security_code': 'Le code de sécurité ne correspond pas à cette carte.',
  'declined.wrong_number': 'Ce numéro de carte n’existe pas.',
  'declined.lost_or_stolen': 'Votre banque n’accepte plus cette carte. Appelez-la pour en savoir plus.',
  'declined.authentication_failed': 'Votre banque n’a pas pu confirmer que c’était vous.',
  'declined.processing_error': 'La banque n’a pas répondu à temps.',
  'declined.card_not_supported': 'Cette sorte de carte n’est pas acceptée ici.',
  'declined.too_many_attempts': 'Cette carte a été essayée trop souvent. Prenez-en une autre.',
  'declined.suspected_fraud': 'Votre banque a refusé cette carte. Appelez-la pour en savoir plus.',
  'declined.moto_not_allowed': 'Cette carte ne paie que sur notre page, pas par téléphone.',

  // --- Following the call ----------------------------------------------------------------------------------------
  'follow.documentTitle': '{headline} – {merchant}',
  'follow.steps': 'Où en est l’appel',
  'follow.step.paid': '{amount} réservés, non débités',
  'follow.step.paid.atConnection': '{amount} réservés, débités dès la mise en relation',
  'follow.step.paid.taken': '{amount} débités',
  'follow.step.consultant': 'Nous appelons {name}',
  'follow.step.consultantDone': '{name} est en ligne',
  'follow.step.consultantDoneAnybody': 'Votre interlocuteur est en ligne',
  'follow.step.caller': 'Nous vous appelons au {number}',
  'follow.step.callerDone': 'Vous êtes en ligne',
  'follow.step.talk': 'Vous parlez',
  'follow.stepDone': 'fait',
  'follow.somebody': 'une personne libre',
  'follow.starting.title': 'Paiement accepté, nous lançons l’appel',
  'follow.starting.text': 'Gardez votre téléphone près de vous.',
  'follow.ringingConsultant.title': 'Nous appelons {name}',
  'follow.ringingConsultant.text':
    'Gardez votre téléphone près de vous : il sonne dès que la personne est prête.',
  'follow.ringingConsultant.held': 'Restez en ligne.',
  'follow.led.title': 'Suivez la voix au téléphone',
  'follow.led.text': 'Rien n’est débité avant que vous soyez mis en relation.',
  'follow.ringingCaller.title': 'Votre téléphone sonne : décrochez',
  'follow.ringingCaller.text':
    'Au {number}. Vous entendrez le prix, puis appuyez sur 1 pour commencer. Si vous raccrochez, rien n’est débité.',
  'follow.connected.title': 'Vous êtes en ligne avec {name}',
  'follow.connected.talk': 'Temps parlé',
  'follow.connected.cost': 'Prix jusqu’ici',
  'follow.connected.cost.onePrice': 'Prix de l’appel',
  'follow.connected.taken': '{amount} débités sur votre carte. Rien de plus ne le sera pour cet appel.',
  'follow.connected.left': 'Il reste {time}.',
  'follow.connected.limit': 'L’appel s’arrête de lui-même à {time}.',
  'follow.connected.nearLimit': 'Il reste moins d’une minute.',
  'follow.hangUp': 'Raccrocher',
  'follow.hangUpWorking': 'Nous raccrochons…',
  'follow.cancel': 'Annuler l’appel, sans frais',
  'follow.cancelWorking': 'Nous annulons…',
  'follow.mayClose':
    'Vous pouvez fermer cette page : l’appel continue. Ce lien montre toujours où il en est.',
  'follow.ended.title': 'Appel terminé, nous établissons votre reçu',
  'follow.ended.text': 'Quelques secondes, et il s’affiche ici.',
  'follow.paying.title': 'Paiement accepté, nous établissons votre reçu',
  'follow.offline': 'Connexion perdue. La page se remet à jour toute seule.',

  // --- Receipt ---------------------------------------------------------------------------------------------------
  'receipt.title.talked': 'Merci, votre appel est terminé',
  'receipt.title.limit_reached': 'La durée choisie est atteinte, l’appel est terminé',
  'receipt.title.sold': 'Merci, votre paiement est fait',
  'receipt.title.toppedUp': 'Merci, votre compte est crédité',
  'receipt.title.failed': 'L’appel a été interrompu par un problème de notre côté',
  'receipt.free': 'Rien n’a été débité : tout le montant réservé est libéré.',
  'receipt.writtenOff': 'Le montant dû est trop petit pour une carte : nous vous en faisons cadeau.',
  'receipt.heading': 'Reçu',
  'receipt.number': 'Reçu n° {number}',
  'receipt.issued': 'Émis le {date}',
  'receipt.reference': 'Référence',
  'receipt.line': 'Service',
  'receipt.with': 'Avec',
  'receipt.start': 'Début',
  'receipt.talkTime': 'Temps parlé',
  'receipt.billed': 'Temps compté',
  'receipt.rated': 'Comment le prix est compté',
  'receipt.what': 'Quoi',
  'receipt.price': 'Prix',
  'receipt.rated.fixed': 'Prix fixe',
  'receipt.rated.topUp': 'Crédit pour des appels',
  'receipt.rated.fixedIncluded': 'Prix fixe, pour {duration} de conversation',
  'receipt.rated.talk': '{duration} à {price} par minute',
  'receipt.rated.minimum': 'Complément au prix minimum',
  'receipt.rated.maximum': 'Réduction au prix maximum',
  'receipt.rated.free': 'Appel court, offert',
  'receipt.total': 'Total, taxes comprises',
  'receipt.vat': 'dont TVA {rate}',
  'receipt.net': 'Hors taxes',
  'receipt.held': 'Réservé',
  'receipt.heldAtStart': 'Réservé au début',
  'receipt.heldForMore': 'Réservé pour plus de temps',
  'receipt.captured': 'Débité',
  'receipt.captured.card': 'Débité de {brand} se terminant par {last4}',
  'receipt.released': 'Libéré',
  'receipt.releasedHelp':
    'Selon votre banque, le montant libéré réapparaît tout de suite ou sous quelques jours.',
  'receipt.print': 'Imprimer le reçu',
  'receipt.keep': 'Gardez ce lien : il montre toujours ce reçu.',
  'receipt.notYet.title': 'Le reçu n’est pas encore là',
  'receipt.notYet.text': 'Il paraît dès que le paiement est terminé. Revenez à votre commande.',
  'receipt.back': 'Revenir à la commande',
  'never.title': 'Ne plus jamais être appelé',
  'never.explain':
    'Plus aucun vendeur utilisant ce service ne pourra faire appeler le {number}, celui-ci compris.',
  'never.button': 'Ne plus jamais appeler ce numéro',
  'never.working': 'Nous l’enregistrons…',
  'never.done': 'C’est noté : le {number} ne sera plus appelé, par aucun vendeur.',
  'never.undo': 'Revenir en arrière (possible jusqu’à {time})',
  'never.tooLate':
    'Il n’est plus possible de revenir en arrière ici. Écrivez au vendeur, qui nous transmettra.',

  // --- Access codes ----------------------------------------------------------------------------------------------
  'access.documentTitle': '{name} – {merchant}',
  'access.wrongTitle': 'Erreur – {title}',
  'access.lead': 'Saisissez le code d’accès que vous avez reçu.',
  'access.code': 'Code d’accès',
  'access.codeHelp': 'Majuscules, espaces et tirets ne comptent pas.',
  'access.open': 'Ouvrir',
  'access.empty': 'Saisissez votre code d’accès.',
  'access.refused':
    'Ce code n’ouvre pas cette page. Vérifiez-le ; s’il est juste, il a peut-être déjà servi ou expiré. Écrivez à {email}.',
  'access.tooOften': 'Trop d’essais depuis cet endroit. Réessayez dans {time}.',
  'access.foreign':
    'Le formulaire d’où vous venez ne peut pas envoyer de code ici. Saisissez votre code sur cette page.',
  'access.closed.title': 'Fermé pour le moment',
  'access.closed.text': '{name} ne s’ouvre avec aucun code en ce moment. Le vôtre n’est pas utilisé.',
  'receipt.access.title': 'Votre code d’accès',
  'receipt.access.opens': 'Il ouvre {name}, jusqu’au {until}.',
  'receipt.access.once': 'Il s’utilise une seule fois.',
  'receipt.access.left': 'Il s’utilise encore {many} fois.',
  'receipt.access.used_up': 'Ce code a été utilisé.',
  'receipt.access.expired': 'Ce code a expiré.',
  'receipt.access.revoked': 'Ce code a été retiré par le vendeur.',
  'receipt.access.open': 'Ouvrir {name}',
  'receipt.access.newWindow': 'nouvelle fenêtre',
  'receipt.goesBack': 'Vous allez revenir chez {merchant}.',

  // --- When it did not come to a talk ----------------------------------------------------------------------------
  'failed.nobody_took_it.title': 'Personne n’a pu prendre votre appel',
  'failed.nobody_took_it.text':
    'Nous avons fait sonner toutes les personnes libres ; aucune n’a pu répondre.',
  'failed.nobody_took_it.one': '{name} n’a pas pu prendre votre appel',
  'failed.nobody_took_it.oneText': 'Cette personne était occupée, n’a pas répondu ou n’a pas pu accepter.',
  'failed.caller_unreachable.title': 'Nous n’avons pas pu vous joindre',
  'failed.caller_unreachable.text':
    'Au {number} : ligne occupée, messagerie, pas de réponse, ou la touche 1 n’a pas été pressée.',
  'failed.caller_refused.title': 'Vous avez refusé l’appel',
  'failed.caller_refused.text': 'La personne a été prévenue et n’attend plus.',
  'failed.consultant_left.title': 'La personne a raccroché avant le début',
  'failed.consultant_left.text': 'L’appel n’a pas commencé.',
  'failed.caller_left.title': 'Vous avez raccroché avant le début',
  'failed.caller_left.text': 'L’appel n’a pas commencé.',
  'failed.payment_failed.title': 'Le paiement n’a pas abouti',
  'failed.cardLimit': 'Cette carte a payé trop d’appels en peu de temps. Utilisez-en une autre.',
  'failed.payment_failed.text': 'Votre banque n’a pas accepté ce paiement.',
  'failed.payment_abandoned.title': 'Le temps réservé pour payer est passé',
  'failed.payment_abandoned.text': 'La personne n’est plus retenue pour vous.',
  'failed.payment_abandonedSale.text': 'Cette commande n’est plus ouverte.',
  'failed.cancelled.title': 'Votre commande est annulée',
  'failed.cancelled.text': 'Personne ne sera appelé.',
  'failed.cancelledSale.text': 'Rien ne vous sera fourni.',
  'failed.failed.title': 'Un problème de notre côté a empêché l’appel',
  'failed.failed.text': 'Vous n’y êtes pour rien.',
  'failed.nothingCharged': 'Rien n’a été débité.',
  'failed.nothingChargedHeld': 'Rien n’a été débité. Les {amount} réservés sont libérés.',
  'failed.nothingChargedReleasing': 'Rien n’a été débité. Nous libérons les {amount} réservés.',
  'failed.again': 'Choisir de nouveau',
  'failed.back': 'Retourner chez {merchant}',
} as const;
