/** All rules in the order in which a decision asks them. */
import { inFixOrder } from '../core/evaluate.ts'
import { rules } from './index.ts'

/** Sorted while the runtime's machine is built, and not once more for each call. */
export const orderedRules = inFixOrder(rules)
