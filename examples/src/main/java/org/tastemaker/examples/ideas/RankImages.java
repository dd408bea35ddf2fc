package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;

/**
 * Which of these images shows the prompt best? ChatGPT ranks them.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.RankImages
 * </pre>
 *
 * <p>prints the ranking, the judge's reasons and what was used, and draws the images in their
 * order, best first. No key is needed and nothing is paid: a server on this machine plays ChatGPT
 * over HTTP, with a judge that knows the glyphs. For real: set {@code OPENAI_API_KEY} and add
 * {@code -Dexec.args=--real}; the images then go to OpenAI and the answer costs money.
 */
public final class RankImages {
  private static final String MODEL = "gpt-4.1-mini";

  private RankImages() {}

  /**
   * Ranks six images.
   *
   * @param args {@code --real} to ask OpenAI and pay for it, or nothing
   */
  public static void main(String[] args) {
    Path folder = Path.of("runs/ideas/rank-images");
    Failures.exit(run(List.of(args), folder, System.out, System.err));
  }

  static int run(List<String> args, Path folder, PrintStream out, PrintStream err) {
    return Example.run(
        folder,
        err,
        () -> {
          ChatGptOracle.Builder chatGpt = ChatGptOracle.builder().model(MODEL);
          if (args.equals(List.of("--real"))) {
            rank(chatGpt, 6, folder, out);
          } else if (args.isEmpty()) {
            try (LoopbackServer server = playChatGpt()) {
              chatGpt.baseUrl(server.baseUrl()).withoutApiKey();
              rank(chatGpt, 6, folder, out);
            }
          } else {
            throw new IllegalArgumentException(
                "usage: RankImages [--real], but the arguments were " + args);
          }
        });
  }

  /** A server whose answers come from the judge that knows the glyphs. */
  static LoopbackServer playChatGpt() {
    GlyphJudge glyphs = BundledModel.judge();
    return LoopbackServer.builder(
            MockJudge.of(
                (image, prompt) ->
                    glyphs.score( // ChatGPT is sent images of 512 pixels
                        image.resized(32, 32), EmojiPrompts.answers(prompt.text()))))
        .start();
  }

  static Judgement rank(ChatGptOracle.Builder chatGpt, int count, Path folder, PrintStream out)
      throws IOException {
    Files.createDirectories(folder);
    Prompt prompt = Prompt.of("penguin");
    List<Image> images;
    try (LatentDiffusion model = BundledModel.load()) {
      images = model.generate(Collections.nCopies(count, prompt), Seed.of(1));
    }
    ImageGroup group = new ImageGroup(prompt, images);

    // A cached answer is not paid for again: a second run of this program asks nobody.
    try (ChatGptOracle oracle = chatGpt.cache(folder.resolve("answers")).build()) {
      out.println("at most " + oracle.estimate(List.of(group), Rubrics.consistency()));
      Judgement judgement = oracle.rank(List.of(group), Rubrics.consistency()).get(0);
      if (judgement.isMissing()) {
        out.println("no judgement: " + judgement.missingReason());
        return judgement;
      }
      out.println("best first, ties together: " + judgement.ranking().tiers());
      out.println("because: " + judgement.rationale());
      out.println("used: " + judgement.usage());

      List<Integer> order = judgement.ranking().tiers().stream().flatMap(List::stream).toList();
      ImageGrid grid =
          ImageGrid.of(order.stream().map(images::get).toList())
              .captions(
                  IntStream.range(0, order.size()).mapToObj(i -> "image " + order.get(i)).toList());
      AtomicFiles.write(folder.resolve("best-first.png"), grid.draw().toPng());
      out.println("drawn in " + folder.resolve("best-first.png"));
      return judgement;
    }
  }
}
