package org.tastemaker.examples.people;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.human.web.PageServer;

/** The command, and someone at its page who likes what the glyph judge likes. */
class ImproveImageTest {
  private static final String PROMPT = "robot";

  @TempDir private Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final GlyphJudge glyphs = BundledModel.judge();

  @Test
  void tenRoundsOfChoicesRaiseTheScoreOfTheImage() {
    List<Double> scores = new ArrayList<>();
    int code =
        run(
            server -> {
              Visitor visitor = new Visitor(server);
              scores.add(score(visitor.best()));
              visitor.answer(20);
              scores.add(score(visitor.best()));
              assertThat(visitor.whole().integer("round")).isGreaterThanOrEqualTo(11);
            },
            "--run",
            folder.toString(),
            "--steps",
            "10");

    assertThat(code).as(err.toString(UTF_8)).isZero();
    assertThat(scores.get(1)).isGreaterThan(scores.get(0) + 0.1);
  }

  @Test
  void theSameCommandResumesTheRunAndTheDownloadIsMadeAgain() throws IOException {
    List<String> moves = new ArrayList<>();
    Path settings = folder.resolve("settings-downloaded.json");
    Path image = folder.resolve("downloaded.png");
    String[] arguments = {"--run", folder.resolve("run").toString(), "--steps", "2"};
    int first =
        run(
            server -> {
              Visitor visitor = new Visitor(server);
              visitor.answer(4);
              moves.add(visitor.whole().list("moves").toString());
            },
            arguments);
    int second =
        run(
            server -> {
              Visitor visitor = new Visitor(server);
              moves.add(visitor.whole().list("moves").toString());
              visitor.save("/download/settings.json", settings);
              visitor.save("/download/image.png", image);
            },
            arguments);
    Path again = folder.resolve("again.png");
    int third = run(server -> {}, "--remake", settings.toString(), "--output", again.toString());

    assertThat(List.of(first, second, third)).as(err.toString(UTF_8)).containsOnly(0);
    assertThat(moves.get(1)).isEqualTo(moves.get(0));
    assertThat(Files.readAllBytes(again)).isEqualTo(Files.readAllBytes(image));
  }

  @Test
  void otherSettingsInTheSameFolderAreRejectedWithTheWayOut() {
    String run = folder.resolve("run").toString();
    int first = run(server -> {}, "--run", run, "--steps", "2");
    int second = run(server -> {}, "--run", run, "--steps", "3");

    assertThat(first).isZero();
    assertThat(second).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .contains("sampling.steps is 2 there and 3 now")
        .contains("another folder");
  }

  @Test
  void aModelThatIsNotThereIsSaidBeforeAnythingIsLoaded() {
    assertThat(run(server -> {}, "--model", folder.resolve("none").toString())).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("--model must be a folder or file of a model");
  }

  private int run(Serving serving, String... arguments) {
    return ImproveImage.run(
        arguments, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), serving);
  }

  private double score(Image image) {
    return glyphs.score(image, EmojiPrompts.answers(PROMPT));
  }

  /** Asks the server what the page's script asks it. */
  private final class Visitor {
    private final HttpClient client =
        HttpClient.newBuilder()
            .cookieHandler(new CookieManager())
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    private final URI address;
    private int clicks;

    Visitor(PageServer server) {
      this.address = server.address();
      byte[] unused = send(HttpRequest.newBuilder(address).build());
    }

    /** Names the best images in their order. */
    void answer(int times) {
      for (int i = 0; i < times; i++) {
        JsonObject state = whole();
        List<Integer> places = new ArrayList<>();
        List<Double> scores = new ArrayList<>();
        for (Object name : state.list("images")) {
          places.add(scores.size());
          scores.add(score(image(String.valueOf(name))));
        }
        places.sort(Comparator.comparing(scores::get).reversed());
        List<List<Integer>> tiers =
            places.subList(0, state.integer("best")).stream().map(List::of).toList();
        Map<String, Object> body =
            Map.of(
                "answerId",
                "click " + clicks++,
                "question",
                state.text("question"),
                "kind",
                "ranked",
                "tiers",
                tiers,
                "seen",
                places,
                "millis",
                1);
        byte[] unused =
            send(
                HttpRequest.newBuilder(address.resolve("/api/answer"))
                    .header("Content-Type", "application/json")
                    .header("X-Tastemaker", "1")
                    .header("Origin", address.getScheme() + "://" + address.getAuthority())
                    .POST(HttpRequest.BodyPublishers.ofString(Json.write(body)))
                    .build());
      }
    }

    Image best() {
      List<?> moves = whole().list("moves");
      return image(String.valueOf(moves.get(moves.size() - 1)));
    }

    /** The state in which all images are there. */
    JsonObject whole() {
      long version = 0;
      while (true) {
        JsonObject state =
            Json.parseObject(
                new String(get("/api/state?since=" + version), UTF_8), "the page's state");
        if (!state.list("images").contains(null) && !state.list("moves").contains(null)) {
          return state;
        }
        version = state.longInteger("version");
      }
    }

    void save(String path, Path file) {
      JsonObject unused = whole();
      try {
        Files.write(file, get(path));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private Image image(String path) {
      return Image.fromBytes(get(path));
    }

    private byte[] get(String path) {
      return send(
          HttpRequest.newBuilder(address.resolve(path)).header("X-Tastemaker", "1").build());
    }

    private byte[] send(HttpRequest request) {
      try {
        HttpResponse<byte[]> reply = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        assertThat(reply.statusCode()).as(new String(reply.body(), UTF_8)).isEqualTo(200);
        return reply.body();
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
