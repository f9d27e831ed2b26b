0000  tilezero tmm0
0005  tilezero tmm1
000a  tilezero tmm2
000f  tilezero tmm3
0014  tilezero tmm4
0019  tilezero tmm5
001e  tilezero tmm6
0023  tilezero tmm7
0028  mov eax, 0x7D0
002d  tdpbusd tmm0, tmm6, tmm7
0032  tdpbusd tmm1, tmm6, tmm7
0037  tdpbusd tmm2, tmm6, tmm7
003c  tdpbusd tmm3, tmm6, tmm7
0041  tdpbusd tmm4, tmm6, tmm7
0046  tdpbusd tmm5, tmm6, tmm7
004b  dec eax
004d  jne short 0x000000000000002D
004f  ret
