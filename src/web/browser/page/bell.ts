// The open page rings when somebody becomes free. Browsers let a page sound only after its visitor asked for it.

export class Bell {
  #audio: AudioContext | undefined;

  /** Must be called from a click; gives one soft note, so that the visitor knows what he will hear. */
  arm(): void {
    this.#audio ??= new AudioContext();
    void this.#audio.resume();
    this.#note(880, 0);
  }

  /** Three pairs of notes; nothing at all unless it was armed. */
  ring(): void {
    if (!this.#audio) return;
    for (const [index, start] of [0, 1, 2].entries()) {
      this.#note(880, start + index * 0.1);
      this.#note(1175, start + 0.25 + index * 0.1);
    }
    // Absent on iPhones and desktops.
    (navigator as Partial<Navigator>).vibrate?.([200, 100, 200, 100, 200]);
  }

  #note(hertz: number, afterSeconds: number): void {
    const audio = this.#audio;
    if (!audio) return;
    const at = audio.currentTime + afterSeconds;
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0.0001, at);
    loudness.gain.exponentialRampToValueAtTime(0.2, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
    tone.connect(loudness).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.55);
  }
}
