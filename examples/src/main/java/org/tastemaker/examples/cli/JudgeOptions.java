package org.tastemaker.examples.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.examples.align.PaidJudge;
import org.tastemaker.examples.align.ServerOptions;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.Cost;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.ledger.CostEstimate;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say who judges. */
final class JudgeOptions {
  private static final double TIE = 0.03;
  private static final int GLYPH = 32;

  /** Who judges. */
  enum Name {
    /** ChatGPT, for money. */
    chatgpt,
    /** A server of one's own with OpenAI's API. */
    http,
    /** A score of images. */
    score,
    /** The rule that knows the bundled model's emoji. */
    glyphs
  }

  @Option(
      names = "--judge",
      paramLabel = "WHO",
      description =
          "${COMPLETION-CANDIDATES}: ChatGPT, a server of yours with OpenAI's API (--base-url), a"
              + " score (--score), or the rule that knows the bundled emoji (default:"
              + " ${DEFAULT-VALUE}).")
  private Name judge = Name.chatgpt;

  @Mixin private ServerOptions server = new ServerOptions();

  @Mixin private ScoreOptions score = new ScoreOptions();

  /** Made by picocli. */
  JudgeOptions() {}

  /** A judge that may be asked. */
  record Opened(DescribedOracle oracle, Supplier<Cost> cost, Runnable end)
      implements AutoCloseable {
    @Override
    public void close() {
      end.run();
    }
  }

  Name judge() {
    return judge;
  }

  ScoreOptions score() {
    return score;
  }

  boolean isServer() {
    return judge == Name.chatgpt || judge == Name.http;
  }

  boolean retriesMissing() {
    return isServer() && server.terms().retryMissing();
  }

  PriceTable prices() {
    return server.terms().prices();
  }

  String name() {
    return isServer() ? server.model() : judge.name();
  }

  /** Checks what can be checked before a question. */
  void check() {
    if (judge == Name.http && !server.isNamed()) {
      throw new IllegalArgumentException(
          "--judge http needs the server's --base-url, such as http://localhost:8000/v1");
    }
    if (judge == Name.score) {
      score.check();
    } else if (score.isGiven()) {
      throw new IllegalArgumentException("--score is for --judge score, but it is " + judge);
    }
    PaidJudge.Terms unused = server.terms();
  }

  /** What a server would cost, without a call. */
  CostEstimate estimate(List<ImageGroup> groups, Rubric rubric, Protocol protocol, Output output) {
    PaidJudge paid =
        new PaidJudge(
            server.terms(), Path.of(""), output.words(), Optional.empty(), RunListener.none());
    return paid.estimate(groups, rubric, builder -> builder.protocol(protocol).withoutApiKey());
  }

  /**
   * Opens the judge: a server only after its cost was confirmed.
   *
   * @param left what is not judged yet
   * @param files named after this, beside it: the answers and what was spent
   * @param protocol how a server is asked
   */
  Opened open(
      List<ImageGroup> left,
      Rubric rubric,
      Protocol protocol,
      Path files,
      Surroundings around,
      Output output,
      RunListener listener) {
    return switch (judge) {
      case chatgpt, http -> {
        PaidJudge paid =
            new PaidJudge(server.terms(), files, output.words(), around.asking(), listener);
        UnaryOperator<ChatGptOracle.Builder> asked = builder -> builder.protocol(protocol);
        paid.requireKey();
        PaidJudge.Confirmed confirmed =
            paid.open(
                left.size() + (left.size() == 1 ? " group" : " groups"),
                paid.estimate(left, rubric, asked),
                asked,
                around.cancellation());
        yield new Opened(confirmed.oracle(), confirmed.cost(), confirmed.end());
      }
      case score -> {
        ScoreOptions.Scorer scorer = score.open(Engines.named(Engines.AUTO));
        MockJudge rule =
            MockJudge.of(
                (image, prompt) -> scorer.score(List.of(prompt), List.of(image))[0],
                MockJudge.Options.defaults().withName(scorer.name()));
        yield new Opened(rule(rule), () -> Cost.NONE, scorer::close);
      }
      case glyphs -> {
        GlyphJudge glyphs = BundledModel.judge();
        MockJudge rule =
            MockJudge.of(
                (image, prompt) ->
                    glyphs.score(image.resized(GLYPH, GLYPH), EmojiPrompts.answers(prompt.text())),
                MockJudge.Options.defaults().withTieThreshold(TIE).withName("glyphs"));
        yield new Opened(rule(rule), () -> Cost.NONE, () -> {});
      }
    };
  }

  private static DescribedOracle rule(MockJudge rule) {
    return JudgeOracle.builder(rule).protocol(Protocol.listwise(1)).seed(Seed.of(0)).build();
  }
}
