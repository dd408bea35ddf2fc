package org.tastemaker.human.testing;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebDriver;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.htmlunit.HtmlUnitDriver;
import org.opentest4j.TestAbortedException;

/**
 * A browser that a test drives: HtmlUnit, which runs in the JVM, or a real Chromium without a
 * window.
 *
 * <p>Chromium is looked for on the path, with its driver. Where it is missing, a test that wants it
 * is skipped, and says so; with {@code -Dtastemaker.browser=required} it fails.
 */
public final class Browser implements AutoCloseable {
  private static final List<String> CHROMIUM =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome");

  private final WebDriver driver;

  private Browser(WebDriver driver) {
    this.driver = driver;
  }

  /**
   * The browser in the JVM. It runs scripts, and draws nothing.
   *
   * @return the caller closes it
   */
  public static Browser inTheJvm() {
    return new Browser(new HtmlUnitDriver(true));
  }

  /**
   * Chromium, with a page of the given size in pixels of CSS.
   *
   * @param width of the page
   * @param height of the page
   * @param dark whether it asks pages for dark colours
   * @return the caller closes it
   * @throws TestAbortedException if there is none and none is required
   */
  public static Browser chromium(int width, int height, boolean dark) {
    Optional<Path> program = CHROMIUM.stream().flatMap(name -> find(name).stream()).findFirst();
    Optional<Path> tool = find("chromedriver");
    if (program.isEmpty() || tool.isEmpty()) {
      String missing =
          (program.isEmpty() ? "Chromium" : "Chromium's driver (chromedriver)")
              + " is not installed, so this test in a real browser did not run; on Debian:"
              + " apt-get install chromium chromium-driver";
      if ("required".equals(System.getProperty("tastemaker.browser"))) {
        throw new AssertionError(missing);
      }
      System.err.println(missing);
      throw new TestAbortedException(missing);
    }
    ChromeOptions options = new ChromeOptions();
    options.setBinary(program.get().toString());
    options.addArguments(
        "--headless=new",
        "--no-sandbox", // as root, Chromium does not start with one; only our own pages are opened
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--disable-background-networking", // it asks nobody but the page's server
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-first-run",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
        "--lang=en",
        "--window-size=1300,1000");
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(tool.get().toFile())
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    ChromeDriver driver = new ChromeDriver(service, options);
    // A window is never narrower than 500 pixels; this is.
    Object unused =
        driver.executeCdpCommand(
            "Emulation.setDeviceMetricsOverride",
            Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    unused =
        driver.executeCdpCommand(
            "Emulation.setEmulatedMedia",
            Map.of(
                "features",
                List.of(
                    Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"),
                    Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
    return new Browser(driver);
  }

  /**
   * What drives it.
   *
   * @return Selenium's driver
   */
  public WebDriver driver() {
    return driver;
  }

  /**
   * Runs a script in the page.
   *
   * @param body of a function, which may return something
   * @param arguments of the function
   * @return what it returns; null for nothing
   */
  public Object script(String body, Object... arguments) {
    Object result = ((JavascriptExecutor) driver).executeScript(body, arguments);
    return result == null ? "" : result;
  }

  /**
   * Waits until something holds in the page.
   *
   * @param body of a function that returns whether it does
   * @throws AssertionError if it does not within 30 seconds, with the page's text
   */
  public void waitFor(String body) {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!Boolean.TRUE.equals(script(body))) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "in 30 s, this did not become true: "
                + body
                + "; the page says: "
                + driver.findElement(By.tagName("body")).getText());
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * Saves what the page looks like. Only Chromium can.
   *
   * @param file PNG; its folder is made
   */
  public void picture(Path file) {
    byte[] png = ((ChromeDriver) driver).getScreenshotAs(OutputType.BYTES);
    try {
      Files.createDirectories(Objects.requireNonNull(file.toAbsolutePath().getParent()));
      Files.write(file, png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Looks for barriers in the page, by the rules of WCAG 2.2 A and AA that a program can check.
   *
   * @return a line for each element that breaks a rule; empty for none
   */
  public List<String> barriers() {
    Object unused = ((ChromeDriver) driver).executeScript(axe() + "; return true;");
    Object found =
        ((ChromeDriver) driver)
            .executeAsyncScript(
                """
                const done = arguments[arguments.length - 1];
                axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
                    'best-practice']})
                  .then(r => done(r.violations.flatMap(v => v.nodes.map(n =>
                      v.id + ': ' + n.html + ' ' + n.failureSummary))))
                  .catch(e => done(['axe failed: ' + e]));
                """);
    return found instanceof List<?> lines
        ? lines.stream().map(String::valueOf).toList()
        : List.of();
  }

  @Override
  public void close() {
    driver.quit();
  }

  private static String axe() {
    try (InputStream in = Browser.class.getResourceAsStream("/axe.min.js")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** On the path, whatever the system puts behind the names of its programs. */
  private static Optional<Path> find(String name) {
    String path = Objects.requireNonNullElse(System.getenv("PATH"), "");
    boolean windows =
        System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
    return Arrays.stream(path.split(File.pathSeparator, -1))
        .filter(folder -> !folder.isEmpty())
        .flatMap(folder -> Stream.of(Path.of(folder, windows ? name + ".exe" : name)))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
