package org.tastemaker.feedback.openai;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * ChatGPT, or a compatible model with vision, as a judge.
 *
 * <p>A question is one call, plus retries. The answer is forced into a JSON schema and then
 * validated. If it cannot be used, the failure says why; when asked {@linkplain Question#again
 * again}, the judge passes the complaint on to the model. It keeps no state between questions.
 *
 * <p>The answer to a question of kind {@link Question.Kind#PAIR} has a soft preference if the model
 * gives log-probabilities.
 *
 * <p>Thread-safe.
 */
public final class ChatGptJudge implements Judge {
  private final OpenAiClient client;
  private final Options options;
  private final ImageEncoder encoder;

  /**
   * A judge on a client.
   *
   * @param client the caller closes it
   * @param options which model, and how to ask it
   */
  public ChatGptJudge(OpenAiClient client, Options options) {
    this.client = Objects.requireNonNull(client, "client == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.encoder = new ImageEncoder(options.images());
  }

  @Override
  public Verdict ask(Question question) {
    JudgePrompt prompt = JudgePrompt.of(question, options.explain());
    ModelAnswer answer =
        client.complete(options.wireFormat(), call(question, prompt, encoder::encode));
    return read(question, prompt, answer, client.json());
  }

  @Override
  public <T> T ask(Question question, Function<Supplier<Verdict>, T> first) {
    JudgePrompt prompt = JudgePrompt.of(question, options.explain());
    return client.complete(
        options.wireFormat(),
        call(question, prompt, encoder::encode),
        answer -> first.apply(() -> read(question, prompt, answer.get(), client.json())));
  }

  @Override
  public String name() {
    return options.model();
  }

  Options options() {
    return options;
  }

  OpenAiClient client() {
    return client;
  }

  /**
   * Everything besides the question that decides an answer, for the key of the cache.
   *
   * @return a text without the key and without the address of the server
   */
  public String settings() {
    return options + " prompt 1"; // increase it when the text of JudgePrompt changes
  }

  /**
   * An upper estimate of what a question uses, without asking it.
   *
   * @param question any
   * @return one request, with high estimates of its tokens
   */
  public Usage estimate(Question question) {
    ModelCall call = call(question, JudgePrompt.of(question, options.explain()), encoder::measure);
    return new Usage(
        1,
        call.estimatedInput(),
        0,
        (long) call.maxTokens() + client.capabilities(options.model()).hiddenTokens());
  }

  /**
   * How many images were encoded so far: each once, however often it is asked about.
   *
   * @return at least 0
   */
  public long encodings() {
    return encoder.encodings();
  }

  /** What an answer says that came in another way than by a call. */
  Verdict read(Question question, ModelAnswer answer) {
    return read(question, JudgePrompt.of(question, options.explain()), answer, client.json());
  }

  /** How a question is put to the model. */
  ModelCall call(Question question) {
    return call(question, JudgePrompt.of(question, options.explain()), encoder::encode);
  }

  private ModelCall call(
      Question question, JudgePrompt prompt, Function<Image, EncodedImage> images) {
    Long seed = options.seed();
    return new ModelCall(
        options.model(),
        prompt.system(),
        prompt.parts(images, options.images().detail()),
        prompt.form(),
        options.logprobs() && question.kind() == Question.Kind.PAIR,
        options.temperature(),
        seed == null ? null : (Long) (seed + question.sample()),
        options.maxTokens() > 0 ? options.maxTokens() : prompt.maxTokens(),
        options.effort());
  }

  private static Verdict read(
      Question question, JudgePrompt prompt, ModelAnswer answer, AnswerJson json) {
    if (answer.end() == ModelAnswer.End.TRUNCATED) {
      throw AnswerReader.malformed(
          "",
          "complete",
          "cut off after " + answer.usage().outputTokens() + " tokens",
          answer.usage());
    }
    if (answer.end() == ModelAnswer.End.FILTERED) {
      throw new FeedbackException.Refused("a content filter stopped the answer", answer.usage());
    }
    String refusal = answer.refusal();
    if (refusal != null) {
      throw new FeedbackException.Refused(refusal, answer.usage());
    }
    return new AnswerReader(question, prompt, answer, json).verdict();
  }

  /**
   * Which model, and how to ask it.
   *
   * @param model its name at the server
   * @param wireFormat the wire format of the server
   * @param images how images are encoded
   * @param temperature 0 (the most likely answer) to 2, or null for the server's own
   * @param seed for servers that support one, or null; {@link Question#sample} is added to it
   * @param maxTokens the longest answer in tokens, at least 16; 0 for what the question needs
   * @param logprobs whether soft preferences are wanted of pairs
   * @param explain whether reasons are wanted
   * @param effort how much a reasoning model should think, such as {@code "low"}, or null
   */
  @RecordBuilder
  public record Options(
      String model,
      WireFormat wireFormat,
      ImageForm images,
      @Nullable Double temperature,
      @Nullable Long seed,
      int maxTokens,
      boolean logprobs,
      Explain explain,
      @Nullable String effort)
      implements ChatGptJudgeOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(wireFormat, "wireFormat == null");
      Objects.requireNonNull(images, "images == null");
      Objects.requireNonNull(explain, "explain == null");
      if (model.isBlank()) {
        throw new IllegalArgumentException(
            "the model's name must not be blank; give one that the server knows and that sees"
                + " images, such as gpt-4.1-mini");
      }
      if (temperature != null && !(temperature >= 0 && temperature <= 2)) {
        throw new IllegalArgumentException(
            "the temperature must be 0 to 2, but was " + temperature);
      }
      if (maxTokens != 0 && maxTokens < 16) {
        throw new IllegalArgumentException(
            "maxTokens must be at least 16, or 0 for what the question needs, but was "
                + maxTokens);
      }
    }

    /**
     * The usual way to ask: Chat Completions, PNG of 512 pixels, temperature 0, soft preferences,
     * no reasons.
     *
     * @param model its name at the server
     * @return the options
     */
    public static Options of(String model) {
      return new Options(
          model,
          WireFormat.CHAT_COMPLETIONS,
          ImageForm.DEFAULT,
          0.0,
          null,
          0,
          true,
          Explain.NONE,
          null);
    }
  }
}
