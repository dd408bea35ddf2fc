package org.tastemaker.feedback.openai;

import okhttp3.ResponseBody;
import retrofit2.Call;

/**
 * How a call to a model is written on the wire, and how its answer is read: one implementation for
 * each {@link WireFormat}.
 *
 * @param <B> the body of an answer
 */
interface CallFormat<B> {
  /** The HTTP request, not sent yet. */
  Call<ResponseBody> request(OpenAiService service, ModelCall call, ModelCapabilities can);

  /** The form of an answer. */
  Class<B> form();

  /** Whether an answer holds an error all the same, or nothing at all. */
  boolean failed(B body);

  /** Whether an answer is an error and nothing else: no text was begun. */
  boolean isOnlyAnError(B body);

  /** What an answer without an error says. */
  ModelAnswer answer(B body, Billed billed, ModelCall call);
}
