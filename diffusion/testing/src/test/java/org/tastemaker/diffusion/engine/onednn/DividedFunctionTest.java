package org.tastemaker.diffusion.engine.onednn;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.FunctionContract;
import org.tastemaker.diffusion.testing.engine.MemoryUse;

class DividedFunctionTest extends FunctionContract {
  @Override
  protected Engine engine() {
    return new Divided(2);
  }

  @Override
  protected Class<?> memoryProgram() {
    return MemoryProgram.class;
  }

  static final class MemoryProgram {
    public static void main(String[] arguments) {
      MemoryUse.print(new Divided(2));
    }
  }
}
