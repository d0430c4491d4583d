# The solar system in steps: arithmetic on fields.

SOLAR_MASS = 4 * Math::PI * Math::PI
YEAR = 365.24

class Body
  attr_accessor :x, :y, :z, :vx, :vy, :vz, :mass

  def initialize(x, y, z, vx, vy, vz, mass)
    @x = x
    @y = y
    @z = z
    @vx = vx * YEAR
    @vy = vy * YEAR
    @vz = vz * YEAR
    @mass = mass * SOLAR_MASS
  end
end

def planets
  [
    Body.new(0, 0, 0, 0, 0, 0, 1),
    Body.new(4.841431442464721, -1.1603200440274284, -0.10362204447112311,
             0.001660076642744037, 0.007699011184197404, -0.0000690460016972063, 0.0009547919384243266),
    Body.new(8.34336671824458, 4.124798564124305, -0.4035234171143214,
             -0.002767425107268624, 0.004998528012349172, 0.00002304172975737639, 0.0002858859806661308),
    Body.new(12.894369562139131, -15.111151401698631, -0.22330757889265573,
             0.002964601375647616, 0.0023784717395948095, -0.000029658956854023756, 0.00004366244043351563),
    Body.new(15.379697114850917, -25.919314609987964, 0.17925877295037118,
             0.0026806777249038932, 0.001628241700382423, -0.00009515922545197159, 0.00005151389020466115)
  ]
end

def rest(bodies)
  px = py = pz = 0
  bodies.each do |body|
    px += body.vx * body.mass
    py += body.vy * body.mass
    pz += body.vz * body.mass
  end
  sun = bodies[0]
  sun.vx = -px / SOLAR_MASS
  sun.vy = -py / SOLAR_MASS
  sun.vz = -pz / SOLAR_MASS
end

def advance(bodies, dt)
  count = bodies.size
  i = 0
  while i < count
    a = bodies[i]
    k = i + 1
    while k < count
      b = bodies[k]
      dx = a.x - b.x
      dy = a.y - b.y
      dz = a.z - b.z
      square = dx * dx + dy * dy + dz * dz
      pull = dt / (square * Math.sqrt(square))
      a.vx -= dx * b.mass * pull
      a.vy -= dy * b.mass * pull
      a.vz -= dz * b.mass * pull
      b.vx += dx * a.mass * pull
      b.vy += dy * a.mass * pull
      b.vz += dz * a.mass * pull
      k += 1
    end
    i += 1
  end
  bodies.each do |body|
    body.x += dt * body.vx
    body.y += dt * body.vy
    body.z += dt * body.vz
  end
end

def energy(bodies)
  sum = 0
  bodies.each_with_index do |a, i|
    sum += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
    (i + 1...bodies.size).each do |k|
      b = bodies[k]
      dx = a.x - b.x
      dy = a.y - b.y
      dz = a.z - b.z
      sum -= a.mass * b.mass / Math.sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  sum
end

def main(steps)
  bodies = planets
  rest(bodies)
  puts (energy(bodies) * 1e9).floor
  steps.times { advance(bodies, 0.01) }
  puts (energy(bodies) * 1e9).floor
end

main(250000)
