package org.tastemaker.feedback.openai;

/** The format of requests and answers. */
public enum WireFormat {
  /** {@code POST /chat/completions}: OpenAI and nearly every compatible server. */
  CHAT_COMPLETIONS {
    @Override
    CallFormat<?> format() {
      return new ChatFormat();
    }

    @Override
    String endpoint() {
      return "/v1/chat/completions";
    }
  },
  /** {@code POST /responses}: OpenAI's newer format. It has no seed. */
  RESPONSES {
    @Override
    CallFormat<?> format() {
      return new ResponsesFormat();
    }

    @Override
    String endpoint() {
      return "/v1/responses";
    }
  };

  abstract CallFormat<?> format();

  /** The path that a batch names, whatever the address of the server. */
  abstract String endpoint();
}
