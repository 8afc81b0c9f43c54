// Where the application begins: the sentences of the person's language, then the first page. The worker keeps the shell
// on a phone, so that the page opens in a tunnel too; what it shows it always asks the house for.

import { createRoot } from 'react-dom/client';
import './styles.ts';
import { Application } from './application.tsx';
import { startWords } from './words.ts';

const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';
// Where the lock of the scrolling behind a dialog looks for it.
Object.assign(window, { __webpack_nonce__: nonce });

const place = document.getElementById('application');
if (place) {
  void startWords().then(() => createRoot(place).render(<Application nonce={nonce} />));
}

if ('serviceWorker' in navigator) {
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('/extranet/service-worker.js', { scope: '/extranet/' }).catch(() => {
      // A private window keeps nothing: the page works without.
    });
  });
}
