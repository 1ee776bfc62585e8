/** Holds decision records to schemas/decision.schema.json, wherever a test reads some. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import type { DecisionRecord, EventRecord } from '../../src/core/record.ts'

const schema: object = JSON.parse(
  readFileSync(new URL('../../schemas/decision.schema.json', import.meta.url), 'utf8'),
)

const validate = new Ajv({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allErrors: true,
}).compile<DecisionRecord | EventRecord>(schema)

/** The value as a line of the decision log; throws with all that is wrong where it is none. */
export const asLogLine = (value: unknown): DecisionRecord | EventRecord => {
  if (validate(value)) return value
  const complaints = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
  throw new Error(`not a decision record: ${complaints.join('; ')}\n${JSON.stringify(value)}`)
}

/** The value as a decision; throws where it is none. */
const asRecord = (value: unknown): DecisionRecord => {
  const line = asLogLine(value)
  if ('event' in line) throw new Error(`not a decision: ${JSON.stringify(value)}`)
  return line
}

/** The value as a decision of a dry run, which has no place in the chain; throws where it is none. */
export const asDryRun = (value: object): DecisionRecord => asRecord({ ...value, sequence: 1, previous: '' })

/** Every record of a decision log's text; throws where a line is torn, no JSON or no record. */
export const parseRecords = (text: string): readonly DecisionRecord[] => {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line of the decision log is torn')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => asRecord(JSON.parse(line)))
}
