"""Proof against what nobody here wrote: published specifications, recorded payloads, known answers, others' clients."""
