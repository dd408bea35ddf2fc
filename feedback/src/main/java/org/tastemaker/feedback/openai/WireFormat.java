package org.tastemaker.feedback.openai;

/** The format of requests and answers. */
public enum WireFormat {
  /** {@code POST /chat/completions}: OpenAI and nearly every compatible server. */
  CHAT_COMPLETIONS {
    @Override
    CallFormat<?> format() {
      return new ChatFormat();
    }
  },
  /** {@code POST /responses}: OpenAI's newer format. It has no seed. */
  RESPONSES {
    @Override
    CallFormat<?> format() {
      return new ResponsesFormat();
    }
  };

  abstract CallFormat<?> format();
}
