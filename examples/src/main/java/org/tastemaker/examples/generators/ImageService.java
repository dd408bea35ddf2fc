package org.tastemaker.examples.generators;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.OpenAiClient;
import org.tastemaker.feedback.openai.OpenAiImageGenerator;
import org.tastemaker.feedback.openai.PromptRewriter;
import org.tastemaker.feedback.server.LoopbackServer;

/**
 * Who makes images and rewrites prompts by OpenAI's API: a service, or a server on this machine.
 *
 * @param images makes them
 * @param rewriter rewrites
 * @param end releases what they hold
 */
record ImageService(ImageGenerator images, UnaryOperator<Prompt> rewriter, Runnable end)
    implements AutoCloseable {
  /** The name of both models of {@link #simulated}. */
  static final String SIMULATED = "simulated";

  /** A service, for money. */
  static ImageService real(
      String imageModel, String rewriter, @Nullable String baseUrl, Ledger ledger) {
    OpenAiClient.Builder builder = OpenAiClient.builder().ledger(ledger);
    if (baseUrl != null) {
      builder.baseUrl(baseUrl);
      if (System.getenv("OPENAI_API_KEY") == null) {
        builder.withoutApiKey();
      }
    }
    OpenAiClient client = builder.build();
    return of(client, imageModel, rewriter, client::close);
  }

  /**
   * A server on this machine. Its rewriter writes what a rewriter would: more words about the same
   * thing, as many as the bundled model reads.
   *
   * @param generator behind it; the caller closes it
   * @param seed of its images
   */
  static ImageService simulated(ImageGenerator generator, Seed seed) {
    LoopbackServer server =
        LoopbackServer.builder(MockJudge.of((image, prompt) -> 0)) // judges nothing here
            .images(generator)
            .rewriter(text -> "one " + text + " on plain white")
            .seed(seed)
            .start();
    OpenAiClient client = OpenAiClient.builder().baseUrl(server.baseUrl()).withoutApiKey().build();
    return of(
        client,
        SIMULATED,
        SIMULATED,
        () -> {
          client.close();
          server.close();
        });
  }

  private static ImageService of(
      OpenAiClient client, String imageModel, String rewriter, Runnable end) {
    return new ImageService(
        new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of(imageModel)),
        new PromptRewriter(client, PromptRewriter.Options.of(rewriter))::rewrite,
        end);
  }

  @Override
  public void close() {
    end.run();
  }
}
