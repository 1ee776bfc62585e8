/** Chapter 4: how images are made. What of it shows when a container is created stands with the other topics. */
import type { Evasions } from '../support/evasion.ts'
import { imageMade } from './beyond.ts'

const made = [imageMade] as const

export const imageEvasions: Evasions = {
  'unneeded-packages': { 'files copied without a package': made },
  'image-scan': { 'touch rebuild': made },
  'content-trust': { '--disable-content-trust': made, 'API clients ignore the variable': made },
  'update-alone': { 'script file that runs update': made, 'multi-stage': made },
  'copy-not-add': { 'RUN curl | tar': made },
  'verified-packages': { 'config file inside earlier layer': made },
  'signed-artifacts': { 'pull by digest without signature': made },
}
