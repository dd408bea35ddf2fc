package org.tastemaker.examples.people;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.tastemaker.human.testing.Browser;

/** The command as someone uses it, in a real browser. */
class CorrectInABrowserTest {
  /** The pictures in docs are taken here. */
  private static final Path PICTURES =
      Path.of(System.getProperty("tastemaker.pictures", "target/pictures"));

  @TempDir Path folder;

  @Test
  void someoneOverrulesAVerdictAndConfirmsTheNextByTheKeyboardAlone() {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);

    try (Browser browser = Browser.chromium(1100, 900, false)) {
      int code =
          CorrectJudge.run(
              new String[] {"--run", folder.toString()},
              out,
              out,
              server -> {
                browser.driver().get(server.address().toString());
                browser.waitFor("return document.querySelectorAll('.candidate img').length > 1");
                browser.waitFor(
                    "return Array.prototype.every.call(document.querySelectorAll('.candidate img'),"
                        + " i => i.naturalWidth > 0)");
                browser.picture(PICTURES.resolve("correct-judge.png"));
                assertThat(browser.barriers()).isEmpty();

                WebElement body = browser.driver().findElement(By.tagName("body"));
                body.sendKeys(Keys.BACK_SPACE); // the judge's last one
                body.sendKeys(Keys.BACK_SPACE);
                body.sendKeys(Keys.ENTER);
                awaitOwn(browser, 1);
                browser.driver().findElement(By.tagName("body")).sendKeys(Keys.ENTER);
                awaitOwn(browser, 2);
              });

      assertThat(code).as(printed.toString(StandardCharsets.UTF_8)).isZero();
      assertThat(printed.toString(StandardCharsets.UTF_8)).contains("verdicts with an opinion");
    }
  }

  private static void awaitOwn(Browser browser, int own) {
    browser.waitFor("return document.getElementById('own').textContent === '" + own + "'");
  }
}
