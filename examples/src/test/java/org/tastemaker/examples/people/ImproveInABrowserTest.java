package org.tastemaker.examples.people;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.tastemaker.core.Image;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.human.testing.Browser;
import org.tastemaker.human.testing.ScriptedPerson;
import org.tastemaker.human.web.PageServer;

/** The command as someone uses it, in a real browser. */
class ImproveInABrowserTest {
  private static final String BEST = "#best-frame img";
  private static final int ROUNDS = 10;

  @TempDir Path folder;

  private final GlyphJudge glyphs = BundledModel.judge();

  private double likeness(Image image) {
    return glyphs.score(image, EmojiPrompts.answers("robot"));
  }

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** The pictures in the README and in docs are taken here. */
  private static final Path PICTURES =
      Path.of(System.getProperty("tastemaker.pictures", "target/pictures"));

  private int command(Serving visit, String... more) {
    String run = folder.resolve("run" + String.join("", more)).toString();
    List<String> args = new ArrayList<>(List.of("--run", run));
    args.addAll(List.of(more));
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    return ImproveImage.run(args.toArray(new String[0]), print, print, visit);
  }

  @Test
  void theImageOfTheBundledModelIsBetterAfterTenRounds() {
    try (Browser browser = Browser.chromium(1100, 1000, false)) {
      double[] score = new double[2];

      int code =
          command(
              server -> {
                ScriptedPerson person = visitor(browser, server, ScriptedPerson.Hand.MOUSE);
                browser.waitFor("return document.querySelector('" + BEST + "') !== null");
                score[0] = likeness(person.image(BEST));
                play(browser, person, 2 * ROUNDS);
                score[1] = likeness(person.image(BEST));
              });

      assertThat(code).as(out.toString(StandardCharsets.UTF_8)).isZero();
      // The same search with the same judge and other candidates rises by 0.2 to 0.5.
      assertThat(score[1]).isGreaterThan(score[0] + 0.1);
      assertThat(out.toString(StandardCharsets.UTF_8)).contains("http://127.0.0.1:");
    }
  }

  @Test
  void reloadsAndRestartsInTheMiddleLoseNoAnswer() throws IOException {
    try (Browser browser = Browser.chromium(800, 900, false)) {
      for (int start = 0; start < 3; start++) {
        int code =
            command(
                server -> {
                  ScriptedPerson person = visitor(browser, server, ScriptedPerson.Hand.KEYBOARD);
                  play(browser, person, 1);
                  browser.driver().navigate().refresh();
                  play(browser, person, 1);
                },
                "--steps",
                "4");
        assertThat(code).as(out.toString(StandardCharsets.UTF_8)).isZero();
      }
    }
    try (var lines = Files.lines(folder.resolve("run--steps4/answers.jsonl"))) {
      assertThat(lines).hasSize(6);
    }
  }

  @Test
  void nothingOnThePageBreaksARuleOfWcag() {
    for (boolean dark : new boolean[] {false, true}) {
      for (int width : new int[] {360, 1100}) {
        try (Browser browser = Browser.chromium(width, 1000, dark)) {
          int code =
              command(
                  server -> {
                    ScriptedPerson person = visitor(browser, server, ScriptedPerson.Hand.KEYBOARD);
                    play(browser, person, 3);
                    browser.waitFor("return " + ScriptedPerson.READY);
                    browser.driver().findElement(By.tagName("body")).sendKeys("3", "1");
                    browser.picture(
                        PICTURES.resolve("improve-" + width + (dark ? "-dark" : "") + ".png"));
                    assertThat(browser.barriers()).as(width + " dark " + dark).isEmpty();
                    assertThat(
                            browser.script(
                                "return document.documentElement.scrollWidth <= window.innerWidth"))
                        .isEqualTo(true);
                  },
                  "--steps",
                  width > 1000 && !dark ? "20" : "6");
          assertThat(code).as(out.toString(StandardCharsets.UTF_8)).isZero();
        }
      }
    }
  }

  private ScriptedPerson visitor(Browser browser, PageServer server, ScriptedPerson.Hand hand) {
    browser.driver().get(server.address().toString());
    return new ScriptedPerson(browser, this::likeness, hand);
  }

  /** Answers as the page asks: the best few of the variations, the best one of the steps. */
  private static void play(Browser browser, ScriptedPerson person, int questions) {
    for (int question = 0; question < questions; question++) {
      browser.waitFor("return " + ScriptedPerson.READY);
      String task = browser.driver().findElement(By.id("task")).getText();
      person.rank(task.contains("up to 3") ? 3 : 1);
      browser.waitFor("return document.querySelectorAll('.ranking.sent').length === 0");
    }
  }
}
