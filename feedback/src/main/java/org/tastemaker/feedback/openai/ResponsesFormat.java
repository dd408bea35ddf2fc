package org.tastemaker.feedback.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import retrofit2.Call;

/** {@link ModelCall} and {@link ModelAnswer} as Responses. */
final class ResponsesFormat implements CallFormat<ResponsesWire.Response> {
  /** The service accepts no smaller limit. */
  private static final int SHORTEST_LIMIT = 16;

  private static final Set<String> UNFINISHED =
      Set.of("failed", "cancelled", "queued", "in_progress");

  @Override
  public Call<ResponseBody> request(OpenAiService service, ModelCall call, ModelCapabilities can) {
    return service.respond(body(call, can));
  }

  @Override
  public Class<ResponsesWire.Response> form() {
    return ResponsesWire.Response.class;
  }

  @Override
  public boolean failed(ResponsesWire.Response body) {
    String status = Wire.text(body.status());
    return Wire.isError(body.error())
        || UNFINISHED.contains(status)
        || (body.output() == null && !status.equals("incomplete"));
  }

  @Override
  public boolean isOnlyAnError(ResponsesWire.Response body) {
    return Wire.isError(body.error()) && Wire.whole(body.output()).isEmpty();
  }

  private static ResponsesWire.Request body(ModelCall call, ModelCapabilities can) {
    List<Object> content = new ArrayList<>();
    if (!can.systemRole()) {
      content.add(ResponsesWire.TextPart.of(call.system()));
    }
    for (ModelCall.Part part : call.parts()) {
      if (part instanceof ModelCall.Text words) {
        content.add(ResponsesWire.TextPart.of(words.text()));
      } else if (part instanceof ModelCall.Picture picture) {
        // Here the detail is required, so "auto" is sent even if the model rejects a detail.
        content.add(
            ResponsesWire.ImagePart.of(
                picture.image().dataUrl(), can.detail() ? picture.detail().wireName() : "auto"));
      }
    }
    ModelCall.Form form = call.form();
    if (form != null && can.structure() != ModelCapabilities.Structure.JSON_SCHEMA) {
      content.add(ResponsesWire.TextPart.of(Wire.inWords(form)));
    }
    boolean logprobs = call.logprobs() && can.logprobs();
    return new ResponsesWire.Request(
        call.model(),
        can.systemRole() ? call.system() : null,
        List.of(new ResponsesWire.Message("user", content)),
        format(form, can.structure()),
        logprobs ? List.of("message.output_text.logprobs") : null,
        logprobs ? (Integer) can.topLogprobs() : null,
        can.temperature() ? call.temperature() : null,
        can.limit() == ModelCapabilities.Limit.NONE
            ? null
            : (Integer) Math.max(SHORTEST_LIMIT, call.maxTokens() + can.hiddenTokens()),
        can.effort() && call.effort() != null ? new ResponsesWire.Reasoning(call.effort()) : null,
        false);
  }

  @Override
  public ModelAnswer answer(ResponsesWire.Response response, Billed billed, ModelCall call) {
    StringBuilder content = new StringBuilder();
    List<ChatWire.Token> tokens = new ArrayList<>();
    String refusal = null;
    boolean thought = billed.reasoningTokens() > 0;
    for (ResponsesWire.Output output : Wire.whole(response.output())) {
      if (!"message".equals(output.type())) {
        thought |= "reasoning".equals(output.type());
        continue; // what else there may be in time
      }
      for (ResponsesWire.Content part : Wire.whole(output.content())) {
        if (part.text() != null) {
          content.append(part.text());
          tokens.addAll(Wire.whole(part.logprobs()));
        }
        if (part.refusal() != null) {
          refusal = part.refusal();
        }
      }
    }
    return new ModelAnswer(
        end(response),
        content.toString(),
        refusal,
        tokens,
        Objects.requireNonNullElse(billed.usage(), new Usage(1, 0, 0, 0)),
        thought,
        Wire.name(response.model(), call.model()));
  }

  private static ModelAnswer.End end(ResponsesWire.Response response) {
    if (!"incomplete".equals(response.status())) {
      return ModelAnswer.End.COMPLETE;
    }
    ResponsesWire.Incomplete why = response.incomplete();
    return why != null && "content_filter".equals(why.reason())
        ? ModelAnswer.End.FILTERED
        : ModelAnswer.End.TRUNCATED;
  }

  private static ResponsesWire.@Nullable Text format(
      ModelCall.@Nullable Form form, ModelCapabilities.Structure structure) {
    if (form == null || structure == ModelCapabilities.Structure.WORDS) {
      return null;
    }
    return new ResponsesWire.Text(
        structure == ModelCapabilities.Structure.JSON_SCHEMA
            ? new ResponsesWire.Format("json_schema", form.name(), true, form.schema())
            : new ResponsesWire.Format("json_object", null, null, null));
  }
}
