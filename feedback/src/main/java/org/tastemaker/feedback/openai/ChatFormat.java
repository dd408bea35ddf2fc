package org.tastemaker.feedback.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import retrofit2.Call;

/** {@link ModelCall} and {@link ModelAnswer} as Chat Completions. */
final class ChatFormat implements CallFormat<ChatWire.Response> {
  /** How a choice ends that the server, not the model, has ended. */
  private static final Set<String> FAILED =
      Set.of("error", "failed", "abort", "aborted", "cancelled", "insufficient_system_resource");

  private static final Set<String> CUT_OFF =
      Set.of("length", "max_tokens", "max_output_tokens", "model_length");

  private static final Set<String> FILTERED =
      Set.of(
          "content_filter",
          "content_filtered",
          "safety",
          "image_safety",
          "prohibited_content",
          "blocklist",
          "recitation",
          "spii",
          "refusal",
          "sensitive");

  @Override
  public Call<ResponseBody> request(OpenAiService service, ModelCall call, ModelCapabilities can) {
    return service.chat(body(call, can));
  }

  @Override
  public Class<ChatWire.Response> form() {
    return ChatWire.Response.class;
  }

  @Override
  public boolean failed(ChatWire.Response body) {
    List<ChatWire.Choice> choices = Wire.whole(body.choices());
    if (Wire.isError(body.error()) || choices.isEmpty()) {
      return true;
    }
    ChatWire.Choice choice = choices.get(0);
    return (choice.message() == null && end(choice) != ModelAnswer.End.FILTERED)
        || Wire.isError(choice.error())
        || FAILED.contains(Wire.text(choice.finishReason()).toLowerCase(Locale.ROOT));
  }

  @Override
  public boolean isOnlyAnError(ChatWire.Response body) {
    return Wire.isError(body.error()) && Wire.whole(body.choices()).isEmpty();
  }

  private static ChatWire.Request body(ModelCall call, ModelCapabilities can) {
    List<Object> content = new ArrayList<>();
    if (!can.systemRole()) {
      content.add(ChatWire.TextPart.of(call.system()));
    }
    for (ModelCall.Part part : call.parts()) {
      if (part instanceof ModelCall.Text words) {
        content.add(ChatWire.TextPart.of(words.text()));
      } else if (part instanceof ModelCall.Picture picture) {
        content.add(
            ChatWire.ImagePart.of(
                picture.image().dataUrl(), can.detail() ? picture.detail().wireName() : null));
      }
    }
    ModelCall.Form form = call.form();
    if (form != null && can.structure() != ModelCapabilities.Structure.JSON_SCHEMA) {
      content.add(ChatWire.TextPart.of(Wire.inWords(form)));
    }
    boolean logprobs = call.logprobs() && can.logprobs();
    int limit = call.maxTokens() + can.hiddenTokens();
    ChatWire.Message user = new ChatWire.Message("user", content);
    return new ChatWire.Request(
        call.model(),
        can.systemRole()
            ? List.of(new ChatWire.Message("system", call.system()), user)
            : List.of(user),
        format(form, can.structure()),
        logprobs ? Boolean.TRUE : null,
        logprobs ? (Integer) can.topLogprobs() : null,
        can.temperature() ? call.temperature() : null,
        can.seed() ? call.seed() : null,
        can.limit() == ModelCapabilities.Limit.MAX_COMPLETION_TOKENS ? (Integer) limit : null,
        can.limit() == ModelCapabilities.Limit.MAX_TOKENS ? (Integer) limit : null,
        can.effort() ? call.effort() : null);
  }

  @Override
  public ModelAnswer answer(ChatWire.Response response, Billed billed, ModelCall call) {
    ChatWire.Choice choice = Wire.whole(response.choices()).get(0);
    ChatWire.Reply reply = choice.message();
    MessageContent content =
        reply == null ? new MessageContent("", null, false) : MessageContent.of(reply);
    ChatWire.Logprobs logprobs = choice.logprobs();
    return new ModelAnswer(
        end(choice),
        content.text(),
        content.refusal(),
        logprobs == null ? List.of() : Wire.whole(logprobs.content()),
        Objects.requireNonNullElse(billed.usage(), new Usage(1, 0, 0, 0)),
        content.thought() || billed.reasoningTokens() > 0,
        Wire.name(response.model(), call.model()));
  }

  private static ModelAnswer.End end(ChatWire.Choice choice) {
    String reason = Wire.text(choice.finishReason()).toLowerCase(Locale.ROOT);
    if (CUT_OFF.contains(reason)) {
      return ModelAnswer.End.TRUNCATED;
    }
    // Gemini's has the filter's name behind it.
    return FILTERED.contains(reason) || reason.startsWith("content_filter")
        ? ModelAnswer.End.FILTERED
        : ModelAnswer.End.COMPLETE;
  }

  private static ChatWire.@Nullable ResponseFormat format(
      ModelCall.@Nullable Form form, ModelCapabilities.Structure structure) {
    if (form == null) {
      return null;
    }
    return switch (structure) {
      case JSON_SCHEMA ->
          new ChatWire.ResponseFormat(
              "json_schema", new ChatWire.NamedSchema(form.name(), true, form.schema()));
      case JSON_OBJECT -> new ChatWire.ResponseFormat("json_object", null);
      case WORDS -> null;
    };
  }
}
