// Where numbers lie and what a minute to them costs us: the shape of a row, and the rows a new installation starts with.
// The choice among them is in dialling.ts.
//
// The costs are cautious round figures for a European carrier, not anybody's contract: an operator replaces them with his
// carrier's price list. Their direction matters more than their digits: an order is refused when its legs cost more than
// its price, so a cost too high loses a sale, a cost too low loses money. What is not listed is not rung: new premium
// ranges appear abroad every month, and a table of what is allowed does not have to know them.

export interface Destination {
  /** The first characters of E.164 numbers: `+336`. The longest that fits decides. */
  prefix: string;
  /** `false`: known, and not rung. */
  allowed: boolean;
  /** `premium`, `satellite` and `short` are never rung, whatever `allowed` says. */
  kind: 'fixed' | 'mobile' | 'premium' | 'satellite' | 'short' | 'other';
  /** Decimal text, what our carrier takes. */
  costPerMinute: string;
  currency: string;
}

const currency = 'EUR';

function rung(kind: 'fixed' | 'mobile', costPerMinute: string, prefixes: string): Destination[] {
  return prefixes.split(' ').map((prefix) => ({ prefix, allowed: true, kind, costPerMinute, currency }));
}

function refused(kind: 'premium' | 'satellite' | 'other', prefixes: string): Destination[] {
  return prefixes
    .split(' ')
    .map((prefix) => ({ prefix, allowed: false, kind, costPerMinute: '0', currency }));
}

export const defaultDestinations: readonly Destination[] = [
  // France. 08 is value-added service by the numbering plan (ARCEP): free to call (080) or surcharged (081, 082, 089);
  // neither is a person's telephone.
  ...rung('fixed', '0.01', '+331 +332 +333 +334 +335 +339'),
  ...rung('mobile', '0.03', '+336 +337'),
  ...refused('premium', '+338'),
  ...refused('other', '+3380'),
  // French overseas: Réunion and Mayotte, Guadeloupe, French Guiana, Martinique.
  ...rung('fixed', '0.04', '+262 +590 +594 +596'),
  ...rung('mobile', '0.08', '+262692 +262693 +262639 +590690 +590691 +594694 +596696 +596697'),
  ...refused('premium', '+2628 +5908 +5948 +5968'),

  // Belgium: 045 to 049 mobile, 090x and 070/078 surcharged, 0800 free to call.
  ...rung('fixed', '0.02', '+32'),
  ...rung('mobile', '0.05', '+3245 +3246 +3247 +3248 +3249'),
  ...refused('premium', '+3290 +3270 +3278'),
  ...refused('other', '+32800'),
  // Germany: 015x to 017x mobile, 0900, 0137 and 0180 surcharged, 0700 personal, 0800 free, 0116 and 0118 services.
  ...rung('fixed', '0.02', '+49'),
  ...rung('mobile', '0.05', '+4915 +4916 +4917'),
  ...refused('premium', '+49900 +49137 +49138 +49180 +49118 +49190'),
  ...refused('other', '+49700 +49800 +49116 +49164 +49168 +49169 +4919'),
  // Switzerland: 073 and 075 to 079 mobile, 074 pagers, 090x surcharged, 084x shared cost, 0800 free, 086 voicemail access.
  ...rung('fixed', '0.04', '+41'),
  ...rung('mobile', '0.20', '+4173 +4175 +4176 +4177 +4178 +4179'),
  ...refused('premium', '+4190 +4184'),
  ...refused('other', '+4174 +41800 +4186 +41878'),
  // Luxembourg: 6 mobile, 90x and 801 surcharged, 800 free.
  ...rung('fixed', '0.03', '+352'),
  ...rung('mobile', '0.05', '+3526'),
  ...refused('premium', '+35290 +352801'),
  ...refused('other', '+352800'),
  // Italy: geographic numbers keep their 0, 3 is mobile; the rest is services (1, 4, 8) or reserved.
  ...rung('fixed', '0.02', '+390'),
  ...rung('mobile', '0.05', '+393'),
  ...refused('premium', '+391 +394 +398'),
  // Spain: 6 and 71 to 74 mobile, 8 and 9 fixed; 80x and 90x services, surcharged or free (800, 900); 70 personal.
  ...rung('fixed', '0.02', '+348 +349'),
  ...rung('mobile', '0.05', '+346 +3471 +3472 +3473 +3474'),
  ...refused('premium', '+3480 +3490 +3470'),
  ...refused('other', '+34800 +34900'),
  // Monaco and Andorra: own networks and no European price ceiling.
  ...rung('fixed', '0.10', '+3779 +3767 +3768'),
  ...rung('mobile', '0.35', '+3773 +3774 +3776 +3763 +3766'),
  ...refused('premium', '+3778 +3769'),
  // Portugal: 2 fixed, 30 nomadic, 9 mobile; 6, 7 and 8 services.
  ...rung('fixed', '0.02', '+3512 +35130'),
  ...rung('mobile', '0.05', '+3519'),
  ...refused('premium', '+3516 +3517 +3518'),
  // Netherlands: 1 to 5 and 7 geographic, 085 and 088 location-independent, 6 mobile, 090x surcharged, 0800 free.
  ...rung('fixed', '0.02', '+311 +312 +313 +314 +315 +317 +3185 +3188'),
  ...rung('mobile', '0.05', '+316'),
  ...refused('premium', '+3190'),
  ...refused('other', '+31800 +3166 +3114'),
  // Ireland: 8 mobile. Surcharged 15xx numbers share their first digits with Dublin's 01 5xx: where they do, the refusal
  // wins and costs us a few honest numbers.
  ...rung('fixed', '0.02', '+3532 +3534 +3535 +3536 +3537 +3539 +3531'),
  ...rung('mobile', '0.05', '+3538'),
  ...refused(
    'premium',
    '+353151 +3531520 +3531530 +3531540 +3531550 +3531560 +3531570 +3531580 +3531590 +3531598 +3531599',
  ),

  // United Kingdom: 1, 2, 3 fixed, 71 to 79 mobile, 70 personal and 76 pagers (both surcharged), 8 and 9 services.
  ...rung('fixed', '0.02', '+441 +442 +443'),
  ...rung('mobile', '0.05', '+4471 +4472 +4473 +4474 +4475 +4477 +4478 +4479'),
  ...refused('premium', '+4470 +4476 +4484 +4487 +449'),
  ...refused('other', '+4480'),
  // Jersey, Guernsey, Isle of Man: in the British plan, at prices of their own.
  ...rung('fixed', '0.15', '+441534 +441481 +441624'),
  ...rung(
    'mobile',
    '0.30',
    '+447509 +4477003 +4477007 +4477008 +447797 +447829 +447937 +447781 +447839 +447911 +447524 +447624 +447924',
  ),

  // United States and Canada. The plan is shared with the Caribbean, whose area codes are a classic of toll fraud: they are
  // named here, because +1 would otherwise cover them. Telephone and mobile look the same.
  ...rung('fixed', '0.02', '+1'),
  ...rung('fixed', '0.15', '+1867 +1907'),
  ...refused('premium', '+1900'),
  ...refused(
    'other',
    '+1500 +1521 +1522 +1523 +1524 +1525 +1526 +1527 +1528 +1529 +1532 +1533 +1544 +1566 +1577',
  ),
  ...refused('other', '+1588 +1600 +1622 +1633 +1644 +1655 +1677 +1688 +1700 +1710'),
  ...refused('other', '+1800 +1833 +1844 +1855 +1866 +1877 +1888'),
  ...refused(
    'other',
    '+1242 +1246 +1264 +1268 +1284 +1340 +1345 +1441 +1473 +1649 +1658 +1664 +1670 +1671 +1684 +1721',
  ),
  ...refused('other', '+1758 +1767 +1784 +1787 +1809 +1829 +1849 +1868 +1869 +1876 +1939'),

  // Not a country: ITU-T E.164.1 shared codes. Inmarsat, mobile satellite, international networks (satellite in the main).
  ...refused('satellite', '+870 +881 +882 +883'),
  ...refused('premium', '+979'),
  ...refused('other', '+800 +808 +878 +888'),
];
