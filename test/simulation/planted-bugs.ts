// Bugs that peers really had. Each is some text replaced while the bundle is built (build-worker); a simulation that does not
// find one of them within 2 000 seeds is the thing that is broken.

export interface PlantedBug {
  name: string;
  what: string;
  edits: readonly { file: string; old: string; new: string }[];
}

export const plantedBugs: readonly PlantedBug[] = [];
