/** What is too little to speak of. */

/** Less is not worth a figure. */
export const TINY_MONEY = 0.005;
/** Less is not worth a line. */
export const TINY_KWH = 0.05;
export const TINY_KG = 0.005;
/** People are shown tenths of a degree. */
export const TINY_K = 0.05;
