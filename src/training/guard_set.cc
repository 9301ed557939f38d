#include "training/guard_set.h"

#include <vector>

namespace cloudfolio::training {
namespace {

// One pair a line: question, tab, passage.
constexpr std::string_view kNatureHistorySociety = R"(
Why is the sky blue during the day?	Air molecules scatter short wavelengths of sunlight far more strongly than long ones, so light of that colour reaches the eye from every direction.
What makes bread dough rise?	Yeast feeds on sugars in the flour and gives off carbon dioxide, which is caught in the elastic gluten and swells the loaf.
How do vaccines protect the body?	A harmless piece or copy of a germ trains immune cells, which then recognise the real one and answer quickly.
What causes the tides?	The pull of the Moon, and to a lesser degree of the Sun, stretches the oceans into two bulges that coasts turn through.
How does a refrigerator stay cold?	A fluid evaporates in coils inside the cabinet and takes up heat, then is compressed and gives it off at the back.
Why do leaves change colour in autumn?	As chlorophyll breaks down before winter, yellow and orange pigments that were hidden all summer become visible.
What is photosynthesis?	Plants use the energy of light to turn water and carbon dioxide into sugar, releasing oxygen on the way.
How do bees tell each other where flowers are?	A returning forager dances in figures of eight on the comb; the angle shows the direction and the length the distance.
Why does ice float on water?	Water expands as it freezes because its molecules lock into an open lattice, so the solid is less dense than the liquid.
What is the function of red blood cells?	They carry oxygen from the lungs to the tissues, bound to the iron in haemoglobin.
How do earthquakes happen?	Rock on both sides of a fault is strained for years until it slips suddenly, sending waves through the crust.
What is the speed of light in a vacuum?	Nothing travels faster than 299,792,458 metres a second, a value that now defines the metre itself.
Why do cats purr?	Small muscles of the larynx twitch rapidly while the animal breathes, often in comfort and sometimes in pain.
How are rainbows formed?	Sunlight is bent as it enters a raindrop, reflected at its far side and bent again, each colour at a slightly different angle.
What does the liver do?	This large organ filters poisons out of the blood, makes bile for digesting fat and stores sugar as glycogen.
How do volcanoes erupt?	Molten rock lighter than its surroundings climbs, and dissolved gas bubbles out and drives it through the vent.
What is the greenhouse effect?	Gases such as carbon dioxide let sunlight in but absorb the infrared that the ground sends back, warming the lower air.
Why do stars twinkle?	Their light passes through moving pockets of warm and cold air, which bend it now this way and now that.
How long does the Earth take to go round the Sun?	One orbit lasts about 365 and a quarter days, which is why a day is added to the calendar every fourth year.
What are black holes?	Where enough mass is crushed into a small space, gravity becomes so strong that not even light can leave.
How do birds find their way when migrating?	They combine the position of the Sun and stars, landmarks, smells and a sense of the Earth's magnetic field.
What is DNA made of?	Two strands of sugar and phosphate wind round each other, joined by pairs of four bases whose order spells the genes.
Why is the sea salty?	Rivers carry minerals dissolved from rocks, and while the water evaporates again the salts stay behind.
How do submarines dive?	Tanks are flooded to make the boat heavier than the water it displaces, and blown empty with air to surface.
What causes thunder?	A lightning bolt heats the air around it so fast that it expands like an explosion.
How does soap clean?	One end of each molecule clings to grease and the other to water, so dirt is lifted off and rinsed away.
Why do we have leap seconds?	Atomic clocks run more evenly than our planet turns, so civil time is now and then corrected to match its rotation.
What is the largest planet of the solar system?	Jupiter has more than twice the mass of all the other planets together.
How do magnets work?	Electrons act as tiny currents; where their directions line up across a piece of iron, the fields add up.
What are antibiotics used for?	These drugs kill bacteria or stop them from multiplying; against viruses they do nothing.
How is glass made?	Sand is melted with soda and lime at about 1,500 degrees and cooled before it can crystallise.
Why do onions make you cry?	Cutting them breaks cells and sets free a sulphur compound that irritates the eyes.
What is an eclipse of the Moon?	The Earth stands between the Sun and its satellite, which darkens and often turns copper red in the shadow.
How do plants drink?	Roots take up water, and evaporation from the leaves pulls it up through thin tubes in the stem.
What does a barometer measure?	The instrument shows the pressure of the air; a falling reading often announces bad weather.
Why does metal feel colder than wood?	It conducts heat away from the hand much faster although both have the temperature of the room.
How old is the universe?	From the afterglow of the big bang, astronomers work out an age of some 13.8 billion years.
What is osmosis?	Water passes through a membrane towards the side where more is dissolved, until the pressures balance.
How do fireflies glow?	In their abdomen an enzyme lets a substance react with oxygen, giving light almost without heat.
What is a prime number?	A whole number above one is called so when nothing divides it evenly but one and itself.
How many sides has a hexagon?	The cells of a honeycomb are of this shape: six equal edges that fill a plane without gaps.
What is the Pythagorean theorem?	In a triangle with a right angle the squares over the two short sides together equal the square over the longest.
What does pi stand for in geometry?	It is the ratio of a circle's circumference to its diameter, a little more than 3.14159.
How is an average calculated?	Add all values and divide the sum by how many there are.
What is the difference between mean and median?	One shares the total out equally; the other is the value in the middle of the sorted list, which outliers hardly move.
What is probability?	A number from zero for the impossible to one for the certain says how often something is to be expected.
What is a logarithm?	It tells to which power a base has to be raised to give a certain number, so it turns products into sums.
What is calculus about?	It studies change: slopes of curves by derivatives and areas beneath them by integrals.
Who proved that there are infinitely many primes?	Euclid multiplied any finite list of them and added one, finding a number that none of the list divides.
What are imaginary numbers?	Multiples of the square root of minus one, at right angles to the ordinary numbers, they describe rotations and waves.
Who wrote the play Hamlet?	The tragedy of the prince of Denmark was written by William Shakespeare around the year 1600.
What is a haiku?	This short Japanese poem has three lines of five, seven and five syllables and usually names a season.
Who painted the Mona Lisa?	Leonardo da Vinci worked for years on the portrait of a woman with a faint smile, now in the Louvre.
What is impressionism?	Painters in France of the 1870s left the studio and caught fleeting light with quick, visible strokes of pure colour.
How many strings does a violin have?	Four, tuned in fifths: G, D, A and E.
What is a symphony?	A long work for orchestra, most often in four movements of contrasting speed.
Who composed the Ninth Symphony with the Ode to Joy?	Ludwig van Beethoven was almost wholly deaf when he finished this work with its choral finale in 1824.
What is jazz?	Born in New Orleans from blues and ragtime, this music lives from improvisation and swinging rhythm.
What is a sonnet?	A poem of fourteen lines with a fixed pattern of rhymes and a turn of thought towards the end.
What is the theme of Don Quixote?	An ageing gentleman has read so many romances that he rides out as a knight and takes windmills for giants.
When did the Second World War end in Europe?	Germany surrendered without conditions on the eighth of May 1945.
Who was the first person on the Moon?	Neil Armstrong stepped down from the lunar module of Apollo 11 in July 1969.
What was the Silk Road?	A web of caravan routes carried goods and ideas between China and the Mediterranean for more than a thousand years.
Why was the printing press important?	Movable type made books cheap, so knowledge and dissent spread across Europe faster than ever before.
What was the industrial revolution?	From the late eighteenth century steam engines and factories replaced handicraft, first in Britain and then elsewhere.
Who built the pyramids of Giza?	Tens of thousands of paid workers, fed and housed nearby, raised these tombs for Egyptian kings about 4,500 years ago.
What ended the Roman Empire in the west?	In 476 a Germanic commander deposed the last emperor in Italy after a century of wars, debts and migrations.
What was the Berlin Wall?	From 1961 to 1989 concrete and guards divided a city so that people of the East could not leave for the West.
What is the Magna Carta?	In 1215 English barons forced their king to accept in writing that he too stood under the law.
Who was Cleopatra?	The last ruler of the Ptolemies in Egypt allied herself with Caesar and Mark Antony against Rome's other powers.
What did the French Revolution change?	It ended the privileges of nobility and church in 1789 and proclaimed the rights of citizens.
What was the Renaissance?	Beginning in Italian cities, scholars and artists rediscovered antiquity and placed human beings at the centre.
Which is the longest river in Africa?	The Nile runs some 6,650 kilometres from the great lakes north to the Mediterranean.
What is the capital of Australia?	Canberra was built inland as a compromise between the rivals Sydney and Melbourne.
Which is the highest mountain on Earth?	Mount Everest, on the border of Nepal and Tibet, reaches 8,849 metres above the sea.
What is a desert?	Land that receives less than about 250 millimetres of rain a year counts as one, whether hot or frozen.
How was the Grand Canyon formed?	The Colorado River cut for millions of years into a plateau that was slowly lifted.
What are fjords?	Glaciers dug deep valleys down to the coast, and when the ice melted the sea filled them.
Why does Japan have so many earthquakes?	Four tectonic plates meet beneath the islands, one sliding under another.
What is the Amazon rainforest known for?	It shelters about a tenth of all known species and stores an enormous amount of carbon.
What is the equator?	An imaginary line at equal distance from both poles divides the globe into a northern and a southern half.
Why are there time zones?	Noon comes earlier in the east, so countries agreed on belts that differ by whole hours.
What is a monsoon?	A wind that reverses with the seasons brings months of heavy rain to southern Asia.
What is inflation?	When prices in general rise, the same amount of money buys less than before.
What is supply and demand?	Where buyers want more than sellers offer the price climbs; where goods pile up it drops.
What does a central bank do?	It issues the currency and moves interest rates in order to keep prices stable.
What is compound interest?	Returns are added to the capital and earn returns themselves, so savings grow faster every year.
What is a share of a company?	Whoever buys one owns a small part of the firm, with a vote and a claim to some of its profit.
What is a mortgage?	A loan for a house that the lender may sell if the borrower stops paying.
What is insurance for?	Many people pay a small regular amount so that the few who suffer a loss can be compensated.
What is gross domestic product?	The value of everything that a country produces in a year, goods and services, is added up in this figure.
What is a tax return?	Citizens declare their income of the year to the authority, which works out what they owe or get back.
What is a democracy?	The people govern themselves, usually through representatives whom they elect and can vote out.
What does a constitution contain?	The basic law of a state: its institutions, their limits and the rights of everyone.
What is the separation of powers?	Making laws, carrying them out and judging by them are given to different bodies that check each other.
What is the United Nations?	Founded after the war in 1945, it brings nearly all states together to keep peace and cooperate.
What is a jury?	Ordinary citizens hear the evidence at a trial and decide whether the accused is guilty.
What is copyright?	Authors may decide for a certain time who copies, performs or changes their works.
What is a contract?	An agreement that courts will enforce, made by an offer and its acceptance.
What is freedom of the press?	Newspapers and broadcasters may report and criticise without the permission of those in power.
)";

constexpr std::string_view kKitchenBodyTechnologyMind = R"(
How do you boil an egg?	Lay it into simmering water for six minutes for a soft yolk, or ten for a firm one, then cool it under the tap.
How is cheese made?	Milk is curdled with rennet or acid, the curd is drained, pressed and salted, and left to ripen.
What is the difference between baking soda and baking powder?	The first needs something sour to release gas; the second brings its own dry acid along.
How do you make risotto creamy?	Stir hot stock into the toasted rice ladle by ladle so that starch rubs off, and finish with butter.
What is umami?	The savoury fifth taste comes from glutamate, found in ripe tomatoes, mushrooms, soy sauce and aged cheese.
How is chocolate produced?	Cacao beans are fermented, dried, roasted and ground, then mixed with sugar and worked until smooth.
Why should meat rest after roasting?	The juices thicken and spread out again, so less of them runs onto the board when it is carved.
What is sourdough?	A starter of flour and water keeps wild yeasts and bacteria alive, which leaven bread and make it tangy.
How do you brew green tea?	Use water well below boiling, around 75 degrees, and take the leaves out after two minutes.
How can vegetables be preserved without a freezer?	Packed in salt or brine they ferment into pickles that keep for months.
What is a balanced diet?	Plenty of vegetables, fruit and whole grains, some protein and little sugar give the body what it needs.
Why do we need vitamin C?	The body builds connective tissue with it; sailors without fresh fruit fell ill with scurvy.
How much sleep do adults need?	Most people do best with seven to nine hours a night.
What does caffeine do?	It blocks the receptors by which the brain notices tiredness, so one feels awake for some hours.
How can a cold be treated?	Rest, fluids and patience help; the virus is usually gone after a week or so.
What causes asthma?	Sensitive airways swell and tighten in answer to pollen, dust, cold or effort, and breathing becomes hard.
What is diabetes?	Too little insulin, or cells that no longer heed it, leaves too much sugar in the blood.
How does the heart pump blood?	Its upper chambers fill the lower ones, which contract and push it into lungs and body while valves stop any backflow.
What do kidneys do?	Two bean-shaped organs clean the blood, balance water and salts and send the waste to the bladder.
Why do muscles ache after exercise?	Unfamiliar effort leaves tiny tears in the fibres, which hurt for a day or two while they heal stronger.
How do glasses correct short sight?	Lenses that are thinner in the middle spread the light so that the image falls onto the retina again.
What is high blood pressure?	When the force on the walls of the arteries stays too great for years, heart and brain are at risk.
What should you do for a burn?	Hold it under cool running water for some twenty minutes and cover it loosely with something clean.
What is meditation?	Sitting quietly and returning attention again and again to the breath, people learn to let thoughts pass.
Why is stretching good for you?	Regularly lengthening the muscles keeps joints mobile and may prevent stiffness.
What are the rules of chess for winning?	The game ends when a king is attacked and no move can save it, which is called mate.
How is tennis scored?	Points go fifteen, thirty, forty and game; six games with a lead of two make a set.
How long is a marathon?	Runners cover 42.195 kilometres, the distance fixed since the London games of 1908.
What is offside in football?	An attacker may not receive a pass while nearer to the goal line than ball and second-last defender.
How do rock climbers stay safe?	A partner holds the rope through a braking device, and bolts or wedges catch a fall.
What is the Tour de France?	For three weeks every July cyclists race through the country, and the leader wears yellow.
How does swimming the crawl work?	Arms reach forward in turn, legs flutter, and the head rolls to the side for breath.
What is judo?	In this martial art opponents are thrown or held on the mat using balance rather than blows.
How do you start running as a beginner?	Alternate short jogs with walking, three times a week, and add a few minutes every time.
What are the Olympic rings?	Five interlaced circles in different colours stand for the continents that meet at the games.
How does a bicycle stay upright?	While it rolls, steering into a lean brings the wheels back under the rider.
How does a car engine work?	Fuel and air explode in cylinders and drive pistons, whose motion a crankshaft turns into rotation.
Why are electric cars quiet?	Their motors turn without explosions and need neither exhaust nor many gears.
How do aeroplanes fly?	Wings push air downwards, and the reaction together with the pressure difference lifts the machine.
What does a traffic light do?	Red, amber and green signals let crossing streams of vehicles pass by turns.
How do trains change tracks?	Movable rails at a switch guide the wheels to one line or the other.
What is a lock on a canal?	A chamber with gates at both ends is filled or emptied, and ships are raised or lowered between two levels.
How do ships navigate without GPS?	Sailors measure the height of Sun or stars with a sextant and compare it with exact time.
Why do bridges have expansion joints?	Steel and concrete grow in summer heat; small gaps keep them from buckling.
How is electricity generated from wind?	Blades turn a shaft, and in the hub a generator converts the rotation into current.
How do solar panels work?	Light knocks electrons loose in a layer of silicon, and the field at a junction drives them round a circuit.
What is nuclear fission?	A heavy nucleus hit by a neutron splits and frees energy and more neutrons, which keep the chain going.
What is a battery?	Two different electrodes in an electrolyte trade ions inside and electrons through the wire outside.
What is a transformer in the power grid?	Two coils round a shared iron core raise or lower alternating voltage.
How does a microwave oven heat food?	Its waves make water molecules turn back and forth billions of times a second, and the motion becomes heat.
How do noise-cancelling headphones work?	A microphone picks up the hum outside and the speaker plays its mirror image, so that both vanish.
What is an LED?	A diode that shines when electrons fall into holes at its junction, using little power.
How is paper recycled?	Used sheets are soaked to pulp, freed of ink, and pressed and dried into new ones.
How is steel made?	Iron from the blast furnace loses most of its carbon in a stream of oxygen and is alloyed as needed.
What is concrete made of?	Cement, sand, gravel and water set into artificial stone within days.
How do 3D printers build objects?	Melted plastic is laid down in thin layers, one on top of another, following a digital model.
Why do houses need insulation?	Wool or foam in walls and roof keeps warmth inside in winter and outside in summer.
How do you remove a red wine stain?	Blot it at once, cover it with salt or soda water, and wash it cold.
How do you sharpen a kitchen knife?	Draw the edge across a wet stone at a steady angle of about twenty degrees, both sides in turn.
How often should house plants be watered?	Only when the upper centimetres of soil feel dry, for soaked roots rot.
What is compost?	Kitchen scraps and leaves decay in a heap into dark, crumbly food for the garden.
When should tomatoes be planted outdoors?	Wait until the last frost is over, in many regions the middle of May.
How do you prune roses?	In early spring cut the canes back above an outward-facing bud and take out dead wood.
Why do gardeners rotate crops?	Changing what grows in a bed every year starves pests and spares the soil.
How do you train a puppy to sit?	Hold a treat above its nose, praise and reward the moment the hind legs fold, and repeat.
What do hedgehogs eat?	At night they hunt for beetles, worms, caterpillars and slugs.
How do spiders make silk?	Glands in the abdomen press liquid protein through spinnerets, and it hardens as it is pulled.
Why do whales sing?	Low calls travel for hundreds of kilometres under water and may attract mates or keep groups together.
How do chameleons change colour?	Crystals in their skin move closer or farther apart and reflect other wavelengths.
What is a marsupial?	Mammals such as kangaroos bear tiny young that finish growing in a pouch.
How long do elephants live?	In the wild many reach sixty years, led by the oldest female of the herd.
Why are coral reefs dying?	Warmer seas make the polyps expel the algae that feed them, and the colonies bleach and starve.
What do mushrooms live on?	These fungi digest wood, leaves and soil through fine threads, often in partnership with tree roots.
How do penguins keep warm?	Dense feathers, a layer of fat and huddling in turns protect them from Antarctic storms.
What happened to the dinosaurs?	An asteroid struck Mexico 66 million years ago, and of the great reptiles only birds outlived the dark years.
What is evolution by natural selection?	Offspring vary; those who suit their surroundings leave more descendants, and so their traits spread.
What is a dialect?	A regional form of a language with words, sounds and grammar of its own.
How many people speak Spanish?	About half a billion have it as mother tongue, most of them in the Americas.
What is Esperanto?	Ludwik Zamenhof published this easy, invented tongue in 1887 hoping that it would unite peoples.
What is Braille?	Patterns of up to six raised dots let blind people read with their fingertips.
What is sign language?	Deaf communities speak with hands, face and posture, in grammars that owe nothing to the spoken word.
What is a metaphor?	A figure of speech calls one thing by the name of another, as when time is said to be money.
What is the difference between weather and climate?	One is what happens outside today; the other is its average over thirty years.
How do hurricanes form?	Over warm oceans moist air climbs, and the rotation of the planet sets the storm spinning round a calm eye.
What is a glacier?	Snow that outlasts many summers is pressed to ice and creeps downhill under its own weight.
What does the ozone layer do?	High in the stratosphere a form of oxygen absorbs most of the harmful ultraviolet rays.
What is acid rain?	Sulphur and nitrogen oxides from chimneys dissolve in clouds and fall on forests and lakes.
What is stoicism?	Its teachers held that we should calmly accept what is not in our power and act well in what is.
Who was Socrates?	The Athenian questioned everybody about virtue in the market place and was put to death in 399 before our era.
What is the categorical imperative?	Immanuel Kant asks us to act only by rules that we could want everyone to follow.
What do Buddhists mean by nirvana?	The going out of craving and with it the end of suffering and rebirth.
What is Ramadan?	In the ninth month Muslims fast from dawn until sunset and break it together in the evening.
What does psychology study?	How people perceive, think, feel and behave, by experiment, observation and conversation.
What is the placebo effect?	Patients may improve after a pill without any active substance because they expect to.
Why do we dream?	During the phase of rapid eye movements the brain seems to sort memories and feelings.
How do children learn to speak?	They babble, copy what they hear around them, and guess the rules long before anybody explains them.
How does a telescope magnify?	A large lens or mirror gathers light into an image, which the eyepiece then enlarges.
What is a light year?	Astronomers use the distance that a ray covers in twelve months, nearly ten trillion kilometres.
What are comets made of?	Balls of dirty ice grow a glowing tail of gas and dust when they come near the Sun.
Why is Mars red?	Iron in its dust has rusted.
)";

void read(std::string_view lines, std::vector<GuardPair>& out) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    const std::size_t tab = line.find('\t');
    if (tab != std::string_view::npos) out.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
}

}  // namespace

std::span<const GuardPair> guard_set() {
  static const std::vector<GuardPair> kPairs = [] {
    std::vector<GuardPair> pairs;
    read(kNatureHistorySociety, pairs);
    read(kKitchenBodyTechnologyMind, pairs);
    return pairs;
  }();
  return kPairs;
}

}  // namespace cloudfolio::training
