package org.tastemaker.feedback.openai;

/** The language that is spoken with a server. */
public enum WireFormat {
  /** {@code POST /chat/completions}: OpenAI and nearly every compatible server. */
  CHAT_COMPLETIONS,
  /** {@code POST /responses}: OpenAI's newer format. It has no seed. */
  RESPONSES
}
