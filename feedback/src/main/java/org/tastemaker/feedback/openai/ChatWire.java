package org.tastemaker.feedback.openai;

import com.squareup.moshi.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Bodies of {@code POST /chat/completions}. A field that is null is not sent. The records are
 * public, in a class that is not, since Moshi calls their accessors.
 */
final class ChatWire {
  private ChatWire() {}

  public record Request(
      String model,
      List<Message> messages,
      @Json(name = "response_format") @Nullable ResponseFormat responseFormat,
      @Nullable Boolean logprobs,
      @Json(name = "top_logprobs") @Nullable Integer topLogprobs,
      @Nullable Double temperature,
      @Nullable Long seed,
      @Json(name = "max_completion_tokens") @Nullable Integer maxCompletionTokens,
      @Json(name = "max_tokens") @Nullable Integer maxTokens,
      @Json(name = "reasoning_effort") @Nullable String reasoningEffort) {}

  /** The content is text, or a list of parts. */
  public record Message(String role, Object content) {}

  public record TextPart(String type, String text) {
    static TextPart of(String text) {
      return new TextPart("text", text);
    }
  }

  public record ImagePart(String type, @Json(name = "image_url") ImageUrl imageUrl) {
    static ImagePart of(String url, @Nullable String detail) {
      return new ImagePart("image_url", new ImageUrl(url, detail));
    }
  }

  public record ImageUrl(String url, @Nullable String detail) {}

  public record ResponseFormat(
      String type, @Json(name = "json_schema") @Nullable NamedSchema jsonSchema) {}

  public record NamedSchema(String name, boolean strict, Map<String, Object> schema) {}

  public record Response(
      @Nullable String id,
      @Nullable String model,
      @Nullable List<@Nullable Choice> choices,
      @Nullable Object error) {}

  /** Who answered, in either wire format. */
  public record Bill(@Nullable String id, @Nullable String model) {}

  /** What of an answer its cost depends on. */
  public record Counts(@Nullable Tokens usage) {}

  public record Choice(
      @Nullable Reply message,
      @Json(name = "finish_reason") @Nullable String finishReason,
      @Nullable Object error,
      @Nullable Logprobs logprobs) {}

  /** Of what form the content is differs: see {@code MessageContent}. */
  public record Reply(
      @Nullable Object content,
      @Nullable Object refusal,
      @Nullable Object reasoning,
      @Json(name = "reasoning_content") @Nullable Object reasoningContent,
      @Json(name = "tool_calls") @Nullable Object toolCalls,
      @Json(name = "function_call") @Nullable Object functionCall) {}

  public record Logprobs(@Nullable List<@Nullable Token> content) {}

  /** A token of the answer. A token outside of the top ones has a log-probability of -9999. */
  public record Token(
      @Nullable String token,
      double logprob,
      @Nullable List<@Nullable Integer> bytes,
      @Json(name = "top_logprobs") @Nullable List<@Nullable TopToken> topLogprobs) {}

  public record TopToken(@Nullable String token, double logprob) {}

  /** Counts by the names of both wire formats, and of Gemini's own. */
  public record Tokens(
      @Json(name = "prompt_tokens") @Nullable Long promptTokens,
      @Json(name = "completion_tokens") @Nullable Long completionTokens,
      @Json(name = "total_tokens") @Nullable Long totalTokens,
      @Json(name = "prompt_tokens_details") @Nullable InputDetails promptDetails,
      @Json(name = "completion_tokens_details") @Nullable OutputDetails completionDetails,
      @Json(name = "input_tokens") @Nullable Long inputTokens,
      @Json(name = "output_tokens") @Nullable Long outputTokens,
      @Json(name = "input_tokens_details") @Nullable InputDetails inputDetails,
      @Json(name = "output_tokens_details") @Nullable OutputDetails outputDetails,
      @Nullable Long promptTokenCount,
      @Nullable Long candidatesTokenCount,
      @Nullable Long thoughtsTokenCount,
      @Nullable Long cachedContentTokenCount) {}

  public record InputDetails(@Json(name = "cached_tokens") @Nullable Long cachedTokens) {}

  public record OutputDetails(@Json(name = "reasoning_tokens") @Nullable Long reasoningTokens) {}
}
