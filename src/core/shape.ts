/** Parsed documents as the shapes lintel reads, once the host has held them to schemas/oci-config.schema.json. */
import { isJsonObject, type Json } from './json.ts'
import type { Config, Process, Resources } from './oci.ts'

// The host's parser has checked every member these types name; the guards only tell the compiler so.
export const isConfig = (document: Json): document is Json & Config => isJsonObject(document)
export const isProcess = (document: Json): document is Json & Process => isJsonObject(document)
export const isResources = (document: Json): document is Json & Resources => isJsonObject(document)
