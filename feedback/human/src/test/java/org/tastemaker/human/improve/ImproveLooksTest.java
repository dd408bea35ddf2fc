package org.tastemaker.human.improve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.human.testing.Browser;
import org.tastemaker.human.web.PageServer;

/** The page in Chromium: nothing is in anybody's way, and all of it fits. */
class ImproveLooksTest {
  @TempDir private Path folder;

  private Visit visit;
  private PageServer server;

  @BeforeEach
  void open() {
    visit = Visit.open(folder, new FakePainter());
    server = PageServer.builder(visit.page).open();
  }

  @AfterEach
  void close() {
    server.close();
    visit.close();
  }

  @Test
  void nothingBarsTheWayOnADesktopInTheLight() {
    look(1280, 900, false);
  }

  @Test
  void nothingBarsTheWayOnADesktopInTheDark() {
    look(1280, 900, true);
  }

  @Test
  void nothingBarsTheWayOnAPhoneOf360Pixels() {
    look(360, 740, true);
  }

  /** With an image chosen, in the second question of a run that has moved. */
  private void look(int width, int height, boolean dark) {
    visit.click(3);
    try (Browser browser = Browser.chromium(width, height, dark)) {
      browser.driver().get(server.address().toString());
      browser.waitFor(
          "return document.querySelectorAll('.candidate').length === 6"
              + " && document.querySelectorAll('.candidate[aria-disabled]').length === 0");
      browser.script("document.querySelector('.candidate').click()");

      assertThat(browser.barriers()).isEmpty();
      assertThat(browser.script("return document.documentElement.scrollWidth"))
          .as("nothing is wider than the page")
          .isEqualTo((long) width);
    }
  }
}
