package org.tastemaker.diffusion.engine.onednn;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.testing.engine.FunctionContract;
import org.tastemaker.diffusion.testing.engine.MemoryUse;

class OneDnnFunctionTest extends FunctionContract {
  @Override
  protected Engine engine() {
    return Engines.named("onednn");
  }

  @Override
  protected Class<?> memoryProgram() {
    return MemoryProgram.class;
  }

  static final class MemoryProgram {
    public static void main(String[] arguments) {
      MemoryUse.print(Engines.named("onednn"));
    }
  }
}
