// What the rows of a run are called, by whoever orders, rings or looks.

export const merchantId = 'mer_simulated';
export const lineSlug = 'simulated';
/** Sells something at a fixed price beside the conversations. */
export const fixedLineSlug = 'simulated-fixed';
export const fixedPrice = '4.50';
export const consultantIds = ['con_1', 'con_2', 'con_3'];
