// Ids by the thing they name: a bare string is never one of them.
declare const kind: unique symbol;
type Id<Kind extends string> = string & { readonly [kind]: Kind };

export type ConnectionId = Id<"connection">;
export type StreamId = Id<"stream">;
export type MappingId = Id<"mapping">;
export type ProposalId = Id<"proposal">;
export type RecordId = Id<"record">;
export type RunId = Id<"run">;
export type SyncId = Id<"sync">;

export const connectionId = (text: string) => text as ConnectionId;
export const streamId = (text: string) => text as StreamId;
export const mappingId = (text: string) => text as MappingId;
export const proposalId = (text: string) => text as ProposalId;
export const recordId = (text: string) => text as RecordId;
export const runId = (text: string) => text as RunId;
export const syncId = (text: string) => text as SyncId;
