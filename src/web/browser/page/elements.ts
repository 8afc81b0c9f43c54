// Finding what the template put on the page. A missing element is a bug of ours and says which.

export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} called ${id}`);
  return found;
}

/** The same for what stands there in some states only. */
export function maybeElement<T extends HTMLElement>(id: string, kind: new () => T): T | undefined {
  const found = document.getElementById(id);
  return found instanceof kind ? found : undefined;
}

/** A sentence of the template for the script to show: `data-must-agree` is `words('mustAgree')`. */
export function wordsOf(holder: HTMLElement): (name: string) => string {
  return (name) => {
    const said = holder.dataset[name];
    if (said === undefined) throw new Error(`The page has no sentence called ${name}`);
    return said;
  };
}

/** Told to screen readers without moving anything. */
export function speak(sentence: string): void {
  element('spoken', HTMLElement).textContent = sentence;
}

/** An input and the sentence beside it agree: what is wrong, or nothing. */
export function sayBeside(input: HTMLElement, said: HTMLElement, sentence: string): void {
  said.textContent = sentence;
  said.classList.toggle('bad', sentence !== '');
  if (sentence === '') input.removeAttribute('aria-invalid');
  else input.setAttribute('aria-invalid', 'true');
}

/** The button is out of work until its work is done: a second click does nothing. */
export function setBusy(button: HTMLButtonElement, working: string | undefined): void {
  const label = button.querySelector('span') ?? button;
  button.dataset['label'] ??= label.textContent;
  const busy = working !== undefined;
  // Not `disabled`: a disabled button loses the keyboard's focus and a screen reader's place.
  button.setAttribute('aria-disabled', String(busy));
  button.classList.toggle('busy', busy);
  label.textContent = working ?? button.dataset['label'];
}

export function isBusy(button: HTMLButtonElement): boolean {
  return button.getAttribute('aria-disabled') === 'true';
}

/** Complete enough to be worth sending; whether it exists only a mail can tell. */
export function looksLikeEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/.test(text.trim());
}
