package org.tastemaker.examples.people;

import java.awt.Desktop;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tastemaker.human.web.Page;
import org.tastemaker.human.web.PageServer;
import picocli.CommandLine.Option;

/** The options that say where a page is served. */
final class PageOptions {
  @Option(
      names = "--port",
      paramLabel = "N",
      description = "The port (default: that of the last time in this folder, or a free one).")
  private int port;

  @Option(
      names = "--address",
      paramLabel = "ADDRESS",
      description =
          "Which of this machine's addresses others may use, such as 192.168.1.5, or 0.0.0.0 for all"
              + " (default: this machine alone). Replies are not encrypted.")
  private @Nullable String address;

  @Option(names = "--open", description = "Open the page in this machine's browser.")
  private boolean open;

  /** Made by picocli. */
  PageOptions() {}

  /**
   * Serves a page, and says where.
   *
   * @param folder of the run: it remembers the port and the tokens
   * @param visitors a name for each person; none for one person alone
   */
  PageServer serve(Page page, Path folder, List<String> visitors, PrintWriter out) {
    PageServer.Builder builder =
        PageServer.builder(page)
            .visitors(visitors)
            .port(port)
            .remembering(folder.resolve("server.json"));
    if (address != null) {
      try {
        builder.listeningOn(InetAddress.getByName(address));
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException(
            "--address must be an address of this machine, but was " + address, e);
      }
    }
    PageServer server = builder.open();
    for (String visitor : server.visitors()) {
      String who = visitors.isEmpty() ? "the page" : visitor + "'s page";
      out.printf(Locale.ROOT, "%s: %s%n", who, server.address(visitor));
    }
    out.println("Whoever has the address can answer. Ctrl-C ends it; the same command resumes it.");
    if (open) {
      browse(server.address(), out);
    }
    return server;
  }

  private static void browse(URI page, PrintWriter out) {
    try {
      if (Desktop.isDesktopSupported() && Desktop.getDesktop().isSupported(Desktop.Action.BROWSE)) {
        Desktop.getDesktop().browse(page);
        return;
      }
    } catch (IOException | UncheckedIOException | UnsupportedOperationException e) {
      // Said below.
    }
    out.println("No browser could be opened from here: open the address above in one.");
  }
}
