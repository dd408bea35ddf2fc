package org.tastemaker.human.improve;

import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;
import org.tastemaker.core.Seed;
import org.tastemaker.human.web.PageServer;

/** Serves the page until it is killed. */
final class ImproveProgram {
  private ImproveProgram() {}

  public static void main(String[] args) throws InterruptedException {
    Path folder = Path.of(args[0]);
    ImproveSession session =
        ImproveSession.open(
            folder,
            new FakePainter(),
            ImproveSession.Options.of(Over.NOISE, Seed.of(7)),
            Clock.systemUTC(),
            System::nanoTime);
    PageServer server =
        PageServer.builder(new ImprovePage(session))
            .remembering(folder.resolve("server.json"))
            .open();
    System.out.println(server.address());
    new CountDownLatch(1).await();
  }
}
