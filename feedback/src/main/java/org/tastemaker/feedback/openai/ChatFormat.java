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

  @Override
  public Call<ResponseBody> request(OpenAiService service, ModelCall call, ModelCapabilities can) {
    return service.chat(body(call, can));
  }

  @Override
  public Class<ChatWire.Response> form() {
    return ChatWire.Response.class;
  }

  @Override
  public PaidCalls.Billed billed(AnswerJson json, byte[] body) {
    ChatWire.Bill bill = json.read(ChatWire.Bill.class, body);
    return new PaidCalls.Billed(Wire.name(bill.model()), usage(bill.usage()), Wire.name(bill.id()));
  }

  @Override
  public boolean failed(ChatWire.Response body) {
    List<ChatWire.Choice> choices = Wire.whole(body.choices());
    if (Wire.isError(body.error()) || choices.isEmpty()) {
      return true;
    }
    ChatWire.Choice choice = choices.get(0);
    return choice.message() == null
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
  public ModelAnswer answer(ChatWire.Response response, ModelCall call) {
    List<ChatWire.Choice> choices = Wire.whole(response.choices());
    Usage usage = Objects.requireNonNullElse(usage(response.usage()), new Usage(1, 0, 0, 0));
    String model = Wire.name(response.model(), call.model());
    ChatWire.Reply reply = choices.isEmpty() ? null : choices.get(0).message();
    if (reply == null) {
      return new ModelAnswer(ModelAnswer.End.COMPLETE, "", null, List.of(), usage, 0, model);
    }
    ChatWire.Choice choice = choices.get(0);
    String reason = Objects.requireNonNullElse(choice.finishReason(), "stop");
    ChatWire.Logprobs logprobs = choice.logprobs();
    List<ChatWire.Token> tokens = logprobs == null ? List.of() : Wire.whole(logprobs.content());
    ChatWire.Tokens counts = response.usage();
    return new ModelAnswer(
        switch (reason) {
          case "length" -> ModelAnswer.End.TRUNCATED;
          case "content_filter" -> ModelAnswer.End.FILTERED;
          default -> ModelAnswer.End.COMPLETE;
        },
        Objects.requireNonNullElse(reply.content(), ""),
        reply.refusal(),
        tokens,
        usage,
        counts == null ? 0 : Wire.reasoning(counts.completionDetails()),
        model);
  }

  private static @Nullable Usage usage(ChatWire.@Nullable Tokens tokens) {
    return tokens == null
        ? null
        : Wire.usage(tokens.promptTokens(), tokens.promptDetails(), tokens.completionTokens());
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
